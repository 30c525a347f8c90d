# SPDX-License-Identifier: BSD-2-Clause
# From the guest's instruction through stub and enter.asm to C and back, the way to the guest is
# known at every instruction, and all of the guest's registers with it.
#run crack mem=4
tbreak interrupts_disable
continue
# Values that no earlier exit has left anywhere.
set var $eax = 0x1a1a1a1a
set var $ecx = 0x2b2b2b2b
set var $edx = 0x3c3c3c3c
set var $ebx = 0x4d4d4d4d
set var $ebp = 0x5e5e5e5e
set var $esi = 0x6f6f6f6f
set var $edi = 0x70707070
along 26
#> ^the same guest after each of 26 steps
bt
#> ^#[0-9]+ +(0x[0-9a-f]+ in )?vm_exit
#> world_exit \(\) at solutions/1-rings/./enter.asm
#> interrupts_disable \(\) at guests/crack/crack.c
#> kernel_main
#> guest_start
tbreak *world_enter
continue
set var $eax = 0x0a0a0a0a
set var $ecx = 0x0b0b0b0b
set var $edx = 0x0c0c0c0c
set var $ebx = 0x0d0d0d0d
set var $ebp = 0x0e0e0e0e
#> in world_enter at solutions/1-rings/./enter.asm:
along 8
#> ^the same guest after each of 8 steps
p $cpl
#> = 1$
# Out of ring 0: a fault of the monitor's own. bus_write() gets a virtual machine that is not there.
tbreak *bus_write
continue
set var *(unsigned *)($esp + 4) = 0xe0000000
tbreak monitor_fault
continue
bt
#> ^#0 +monitor_fault
#> ^#1 +trap\.frame_pushed \(\) at monitor/stubs.asm
#> ^#[0-9]+ .*bus_write .* at monitor/bus.c
#> ^#[0-9]+ .*vm_exit .* at monitor/exit.c
#> ^#[0-9]+ +world_exit \(\) at
#> ^#[0-9]+ .*guest_start
p frame->vector
#> = 14$
