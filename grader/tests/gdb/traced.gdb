# SPDX-License-Identifier: BSD-2-Clause
# The pages of the guest's tables: a write to one is a page fault and a step.
#lab 2
#run ticker mem=4
vmresume
traced
#> ^00008000 read-only GDT 00008000\+18
vmexit traced_write
#> ^exit [0-9]+  traced_write vector 14 error 3 .*  CR2 00102[0-9a-f]{3}$
#> ^#0 +(0x[0-9a-f]+ in )?(handle|vcpu)_page_fault
traced
#> ^00102000 read-only .*IDT 00102068\+800 <kernel_idt>
vmresume
traced
#> ^00102000 open for a step
vcpu
#> ^next     a step, with the page 00102000 open
vmexit step
#> ^exit [0-9]+  step       vector 1 
traced
#> ^00102000 read-only .*GDT 00102868\+200 <kernel_gdt>, IDT 00102068\+800 <kernel_idt>
#> ^1 writes to traced pages so far$
# ESP0 is written at each turn.
tbreak on_tick
continue
vmexit traced_write
#> task_go_on|on_tick
#> CR2 00102004
# Such an exit is first called a page fault. Only one that stays so counts.
vmexit page_fault
#> ^The machine has ended
#! ^exit .*  page_fault
refused traced
#> refused: traced: No machine is running
#! NOT REFUSED
