# SPDX-License-Identifier: BSD-2-Clause
# The same commands on QEMU, which prints TR and the tables where its stub does not offer them.
#qemu crack mem=4
vmexit privileged
#> ^exit [0-9]+  privileged vector 13 .*  cli$
bt
#> ^#[0-9]+ +world_exit \(\) at solutions/1-rings/./enter.asm
#> ^#[0-9]+ +interrupts_disable \(\) at guests/crack/crack.c
vcpu
#> ^ring     0 +\* 1$
gdt 8
#> ^0008 real \* code r-a  DPL 1
idt 13
#> <stub13>
exits
#> ^crack: [0-9]+ exits
vmresume
#> ^#0 .*kernel_main
vmexit page_fault
#> ringfence: crack switched itself off
