# SPDX-License-Identifier: BSD-2-Clause
#run crack mem=4
vmexit privileged
#> ^exit [0-9]+  privileged vector 13 error 0  0009:[0-9a-f]+ <kernel_main\+[0-9]+>  cli$
#> ^#0 +handle_protection
bt
#> ^#0 +handle_protection .* at monitor/exit.c
#> ^#[0-9]+ .*vm_exit .* at monitor/exit.c
#> ^#[0-9]+ +world_exit \(\) at solutions/1-rings/./enter.asm
#> ^#[0-9]+ +interrupts_disable \(\) at guests/crack/crack.c
#> ^#[0-9]+ .*kernel_main \(info=36864\) at guests/crack/crack.c
#> ^#[0-9]+ .* in guest_start \(\) at guests/lib/start.asm
# The guest has not moved: the handler has only looked.
p/x vcpu->registers.eip == exit->eip
#> = 0x1
vmexit port
#> ^exit [0-9]+  port +vector 13 error 0 .* <console_put\+[0-9]+>  out dx,al
bt
#> ^#[0-9]+ .*in console_printf
#> ^#[0-9]+ .*in kernel_main
#> ^#[0-9]+ .*in guest_start
vmexit
#> ^exit [0-9]+  vector (13|32) error 0  0009:0010[0-9a-f]{4} <console_put
#> ^#0 +vm_exit \(vcpu=
vmexit PORT
#> ^exit [0-9]+  port
refused vmexit tea
#> refused: vmexit tea: There is no exit reason `tea`. There are: interrupt, privileged, port, software_interrupt, protection, page_fault, exception, traced_write, shadow_fill, device_memory, step, code_scan, sensitive, code_step, hypercall\.
refused vmexit port privileged
#> refused: vmexit port privileged: `vmexit` takes one reason
# A breakpoint of the user's own comes first.
break bus_write
vmexit protection
#> ^Breakpoint 1, bus_write
delete
# The machine ends before an exit of that kind comes.
vmexit page_fault
#> monitor \| ringfence: crack switched itself off
#> ^The machine has ended
refused vmexit
#> refused: vmexit: No machine is running
#! NOT REFUSED
#! Breakpoint -
