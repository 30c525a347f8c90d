# SPDX-License-Identifier: BSD-2-Clause
#run crack mem=4
vmresume
#> ^#0 +guest_start \(\) at guests/lib/start.asm
p $cpl
#> = 1$
vmexit privileged
vmresume
#> ^#0 .*kernel_main .* at guests/crack/crack.c
p $cpl
#> = 1$
x/2i $pc - 1
#> cli
#> pushf
# From world_enter() itself: this entry, not the next one.
tbreak *world_enter
continue
#> in world_enter at solutions/1-rings/./enter.asm
p/x $next = ((struct vcpu *)*(unsigned *)($esp + 4))->registers.eip
#> = 0x
vmresume
p $pc == $next
#> = 1$
# A breakpoint of the user's own comes first, wherever it is.
tbreak *world_exit
vmresume
#> ^in world_exit at solutions/1-rings/./enter.asm:
refused vmresume now
#> refused: vmresume now: `vmresume` takes no arguments
#! NOT REFUSED
