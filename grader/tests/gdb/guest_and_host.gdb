# SPDX-License-Identifier: BSD-2-Clause
#run hello mem=4
# In the monitor, before the guest has run: no frame leads to it.
tbreak vcpu_activate
continue
finish
guest
#> ^hello, as the monitor has it:
#>  eax    2badb002  ebx    00009000
#> ^next: 001001d0 <guest_start> at guests/lib/start.asm:
#> locals cannot be shown
# The guest's registers are the ones that it had, its locals can be seen.
vmexit port
guest
#>  eip    0010
#> ^#[0-9] .*console_init \(\) at guests/lib/console.c|port_write8
p $cs
#> = 9$
up
up
up
p format
#> "%s\\n"
host
#> ^#0 +handle_protection
p $cs
#> = 65472$
# While the guest runs.
vmresume
refused host
#> refused: host: The guest runs now
guest
#>  cs 0009  ss 0011  ds 0010
#> ^#0
refused guest hello
#> refused: guest hello: `guest` takes no arguments
#! NOT REFUSED
