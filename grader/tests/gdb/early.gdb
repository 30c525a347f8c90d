# SPDX-License-Identifier: BSD-2-Clause
# Before the monitor has loaded its tables, every command says so.
#run crack mem=4
bt
#> ^#0 +monitor_main .* at monitor/main.c:
#> ^#1 .* in high \(\) at monitor/start.asm:
#! warning
refused vcpu
#> refused: vcpu: The monitor has not loaded its tables yet \(TR is 0\): `vmresume`
refused guest
#> refused: guest: The monitor has not loaded its tables yet
refused exits
#> refused: exits: The monitor has not loaded its tables yet
refused exits by reason
#> refused: exits by reason: The monitor has not loaded
refused idt
#> refused: idt: No IDT has been loaded
gdt
#> ^the processor's: GDTR base
#> ^the guest's: +none. The monitor has not loaded its tables yet
#> ^0008 real   code r-a  DPL 0 present base 00000000 limit ffffffff
tbreak vm_create
continue
refused vcpu
#> refused: vcpu: No guest has had its turn yet
