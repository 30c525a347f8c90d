# SPDX-License-Identifier: BSD-2-Clause
# On the bare machine there is a guest and nothing else.
#bare crack
bt
#> ^#0 +guest_start \(\) at guests/lib/start.asm
refused vmexit
#> refused: vmexit: This is the bare machine: without a monitor it has no exits
refused vmresume
#> refused: vmresume: This is the bare machine
refused vcpu
#> refused: vcpu: This is the bare machine
refused guest
#> refused: guest: This is the bare machine: the guest is all there is
refused host
#> refused: host: This is the bare machine: there is no monitor
refused exits
#> refused: exits: This is the bare machine
gdt
#> ^0008 real   code r-a  DPL 0
refused idt
#> refused: idt: No IDT has been loaded
tbreak interrupts_disable
continue
#> interrupts_disable \(\) at guests/crack/crack.c
x/i $pc
#> cli
p $cpl
#> = 0$
stepi
bt
#> ^#[01] .*kernel_main .* at guests/crack/crack.c
#> ^#[12] .* in guest_start \(\) at guests/lib/start.asm
continue
#> console \| my code runs in ring 0
refused gdt
#> refused: gdt: No machine is running
