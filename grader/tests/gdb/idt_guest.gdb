# SPDX-License-Identifier: BSD-2-Clause
# The guest's gates beside the processor's, and why they are as they are.
#lab 2
#run ticker mem=4
vmresume
refused idt guest
#> refused: idt guest: The guest has not loaded an IDT yet
# In a user, with interrupts on, a system call needs no monitor.
tbreak ticker_user_main
continue
idt guest 0x80
#> ^0080 guest  trap gate DPL 3 present 0008:
#> ^ +direct$
idt 0x80
#> ^0080 guest  trap gate DPL 3 present 0008:
#> ^0080 real \* trap gate DPL 3 present 0009:
idt
#> ^0000 guest  int gate
#> ^0000 real \* int gate  DPL 0 present ffc0:f[0-9a-f]{7} <stub0>
#> ^  to 0007: the same
#> ^0080 real \* trap gate DPL 3 present 0009:
#> ^  to 00ff: the same
# A gate that is open by mistake shows, and one that is closed by mistake.
set var $closed = vcpu_running->idt[0x21]
set var $open = vcpu_running->idt[0x80]
set var vcpu_running->idt[0x21] = $open
idt guest 0x21
#> ^ +direct, which is wrong: exceptions and the machine's own interrupts are the monitor's$
set var vcpu_running->idt[0x21] = $closed
set var vcpu_running->idt[0x80] = $closed
idt guest 0x80
#> ^ +through the monitor, though it could be direct$
set var vcpu_running->idt[0x80] = $open
# In the kernel, with interrupts off, everything goes through the monitor.
tbreak on_tick
continue
idt guest
#> ^the processor's: IDTR base f[0-9a-f]{7} limit 07ff
#> ^the guest's:     IDTR base 00102068 limit 07ff
#> ^0000 guest  int gate  DPL 0 present 0008:[0-9a-f]{8} <kernel_stubs>
#> ^  to 0002: the same
#> ^ +through the monitor: exceptions and the machine's own interrupts are the monitor's$
#> ^0003 guest  int gate
#> ^ +through the monitor: an interrupt gate clears IF$
#> ^0080 guest  trap gate DPL 3 present 0008:[0-9a-f]{8} <kernel_stubs\+2048>
#> ^ +through the monitor: the tables are closed \(IF is 0\)$
#> ^0081 guest  int gate
#> ^  to 00ff: the same
# What else a gate can be.
set var $gate = &((struct descriptor *)0x102068)[0x80]
set var $gate->high = 0x8600
idt guest 0x80
#> ^ +through the monitor: it is no trap gate$
set var $gate->high = 0xf00
idt guest 0x80
#> ^ +through the monitor: it is absent: #NP$
set var $gate->high = 0x8200
idt guest 0x80
#> ^ +through the monitor: it is no gate: #GP$
set var $gate->high = 0x8f00
idt guest 0x80
#> ^ +through the monitor: users may not pass it \(DPL 0\)$
set var $gate->high = 0xef00
set var $gate->low = 0x100000
idt guest 0x80
#> ^ +through the monitor: its selector names no code of the kernel's$
refused idt guest 256
#> refused: idt guest 256: The guest's table ends before 100: #GP
refused idt guest tea
#> refused: idt guest tea: `idt` takes one number
complete idt g
#> ^idt guest$
#! NOT REFUSED
