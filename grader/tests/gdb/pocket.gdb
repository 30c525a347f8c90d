# SPDX-License-Identifier: BSD-2-Clause
# The session of lab 2's handout in which the crack is found: pocket unlocks with POPF, which in
# ring 1 does not turn interrupts on.
#lab 2
#run pocket
tbreak init
continue
#> init \(\) at guests/pocket/kernel/main.c
print vcpu_running->virtual_if
#> = true$
tbreak lock_release
continue
#> lock_release \(lock=.* at guests/pocket/kernel/lock.c
print (flags >> 9) & 1
#> = 1$
print vcpu_running->virtual_if
#> = false$
tbreak *lock_release+26
continue
x/i $pc
#> popf
x/xw $esp
#> 0x000002[0-9a-f]{2}
stepi
# No exit: the processor went on in ring 1. The real IF was 1 and still is; the virtual one is 0.
print $cpl
#> = 1$
print ($eflags >> 9) & 1
#> = 1$
print vcpu_running->virtual_if
#> = false$
vcpu
#> ^IF       0 +\* 1$
#> ^tables   closed: .*\(IF is 0\)$
# What the guest finds out in the end.
tbreak panic
continue
#> panic \(format=.*"the timer counts, but no interrupt comes"
pic
#> ^  0   timer .* <- asks$
#> ^next: IRQ 0 \(timer\), vector 20h, when the guest's IF is 1$
# Its tables have pages of their own.
traced
#> read-only GDT [0-9a-f]{8}\+30 <tables>, TSS [0-9a-f]{8}\+c <tables\+48>$
#> read-only IDT [0-9a-f]{8}\+408 <idt>$
#> ^[0-9]+ writes? to traced pages so far$
