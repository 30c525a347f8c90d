# SPDX-License-Identifier: BSD-2-Clause
#
# A walk through one timer interrupt: from the guest's STI and HLT through the real interrupt, your
# 8259 and your injection into the guest's handler, and back by its EOI and its IRET.
#
#   make gdb LAB=2 GUEST=timer FROM=labs GDBARGS="-x labs/2-traps/walk.gdb"
#
# Or open GDB without GDBARGS and type the commands yourself. Lines with #> are what to look for;
# the kit's tests look for it too. It needs all three organs.
#lab 2
#run timer mem=4

# ---- 1. The guest turns its interrupts on. One is waiting already. ----

tbreak interrupt_wait
continue
x/2i $pc
#> sti
#> hlt
vcpu
#> ^IF       0 +\* 1$
#> ^tables   closed: .*\(IF is 0\)$
#> ^next     an interrupt of its 8259s, which waits for IF$
vmexit privileged
#> ^exit [0-9]+  privileged vector 13 error 0  .* sti$

# Your emulate.c has set one flag. But the instruction behind STI is to be done first, in the shadow.
vmresume
#> in interrupt_wait
vcpu
#> ^IF       1 +1$
#> ^next     a step; the shadow of STI or MOV SS over [0-9a-f]+; an interrupt of its 8259s$
tbreak timer_interrupt
continue
#> ^Temporary breakpoint 2.* timer_interrupt

# ---- 2. The guest waits once more. This time nothing is there yet. ----

tbreak interrupt_wait
continue
vmexit privileged
#> ^exit [0-9]+  privileged vector 13 error 0  .* sti$
# HLT is an exit too. The monitor itself waits then, for a real interrupt.
vmexit privileged
#> ^exit [0-9]+  privileged vector 13 error 0  .* hlt$
tbreak vcpu_wait
continue
pic
#> ^  0   timer      20h    [01]    0   0   0$
#> ^next: none
devices
#> ^counter 0   mode 2, low, then high byte, counts down from 9000, from [0-9]+ on$
#> ^IRQ 0       rises at [0-9]+$

# ---- 3. The real interrupt. The monitor's own timer was set for the moment when the guest's
#         counter runs out. The guest's device catches up, and its line rises. ----

tbreak machine_interrupt
continue
#> machine_interrupt \(vm=.*, vector=32\)
backtrace 2
#> ^#1 .* in vcpu_wait
tbreak vpic_line if irq == 0 && level
continue
#> vpic_line \(vpic=.*, irq=0, level=true\)
finish
pic
#> ^  0   timer      20h    1    1   0   0  <- asks$
#> ^next: IRQ 0 \(timer\), vector 20h$

# ---- 4. INTA. The virtual processor's flag allows it: it asks your 8259 which one it is. ----

tbreak vpic_acknowledge
continue
backtrace 2
#> ^#1 .* in vcpu_deliver
finish
#> ^Value returned is .* = 32 ' '$
pic
#> ^  0   timer      20h    1    0   1   0$
#> ^next: none

# ---- 5. Injection. What will your vcpu_inject() write where? Say it before you look. ----

tbreak *vcpu_inject
continue
print *(struct event *)($esp + 8)
#> kind = EVENT_EXTERNAL, vector = 32 ' '
idt guest 0x20
#> ^0020 guest  int gate  DPL 0 present 0008:[0-9a-f]{8} <kernel_stubs\+512>
print $before = vcpu->registers.esp
#> = [0-9]+
up
finish
guest
#> ^timer, as the monitor has it:
# Three doublewords: EIP behind the HLT, CS with the ring that the guest believes in, EFLAGS with
# the IF that the guest had.
host
print $before - vcpu_running->registers.esp
#> = 12$
x/i *(unsigned *)vcpu_running->registers.esp
#> <periodic\+[0-9]+>
print/x *(unsigned *)(vcpu_running->registers.esp + 4)
#> = 0x8$
print (*(unsigned *)(vcpu_running->registers.esp + 8) >> 9) & 1
#> = 1$
# And the gate was an interrupt gate.
print vcpu_running->virtual_if
#> = false$

# ---- 6. The guest's handler. It has never heard of a monitor. ----

vmresume
#> kernel_stubs
print $cpl
#> = 1$
tbreak timer_interrupt
continue
#> timer_interrupt \(frame=

# ---- 7. The end of the interrupt: OUT 20h, 20h is a port access, and so an exit. ----

vmexit port
#> ^exit [0-9]+  port .*  out (0x20,al|dx,al)$
tbreak vpic_write
continue
#> vpic_write \(vpic=.*, port=32, value=32 ' '\)
finish
pic
#> ^  0   timer      20h    1    0   0   0$

# ---- 8. IRET. The frame's CS has RPL 0, and in ring 1 that is refused: an exit. ----

vmexit protection
#> ^exit [0-9]+  protection vector 13 error 8 .* iret$
x/3xw vcpu_running->registers.esp
#> 0x00000008
vmresume
#> in periodic|periodic \(
vcpu
#> ^IF       1 +1$
#> ^tables   open: what the processor shows is what the guest believes$

# Four exits for one interrupt. Which of them could a monitor save, and how?
exits 4
#> privileged .* sti$
#> privileged .* hlt$
#> port .* out
#> protection .* iret$
