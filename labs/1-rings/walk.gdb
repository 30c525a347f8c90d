# SPDX-License-Identifier: BSD-2-Clause
#
# A walk through one trap: from the guest's CLI through your door into the monitor, and back.
#
#   make gdb LAB=1 GUEST=crack FROM=labs GDBARGS="-x labs/1-rings/walk.gdb"
#
# Or open GDB without GDBARGS and type the commands yourself. Lines with #> are what to look for;
# the kit's tests look for it too. It needs both organs, since the guest must come back.
#run crack mem=4

# ---- 1. The guest, before the instruction. Which ring is it in, and which one does it believe? ----

tbreak interrupts_disable
continue
#> ^Temporary breakpoint 1, interrupts_disable \(\) at guests/crack/crack.c

x/i $pc
#> cli

print $cpl
#> = 1$

vcpu
#> ^ring     0 +\* 1$

# ---- 2. The trap. CLI needs ring 0 (IOPL is 0): one step, and the processor is in the monitor. ----

stepi
#> ^in stub13 at monitor/stubs.asm

# What did the processor push, and where? Compare with the end of struct guest_registers:
# error code, EIP (of the CLI itself), CS, EFLAGS, ESP, SS. The place came from the TSS.
x/6xw $esp
#> 0x00000000	0x001004f5	0x00000009
print $cpl
#> = 0$
print/x $esp + 6*4 == *(unsigned *)($tr_base + 4)
#> = 0x1$

# The stub pushes the vector, and the trap came from ring 1: it goes on in your enter.asm.
stepi 4
#> ^in world_exit at .*enter.asm

# The way back to the guest is known at every instruction of yours. Step on with `stepi` and look
# again, as often as you like.
backtrace
#> ^#0 +world_exit \(\) at .*enter.asm
#> ^#1 .*interrupts_disable \(\) at guests/crack/crack.c
#> ^#2 .*kernel_main .* at guests/crack/crack.c

# ---- 3. The monitor. Your door has called vm_exit(); the handler of #GP knows why. ----

vmexit privileged
#> ^exit [0-9]+  privileged vector 13 error 0  0009:001004f5 <kernel_main\+[0-9]+>  cli$
backtrace
#> ^#0 +handle_protection .* at monitor/exit.c
#> ^#[0-9]+ .*vm_exit .* at monitor/exit.c
#> ^#[0-9]+ +world_exit \(\) at .*enter.asm
#> ^#[0-9]+ .*interrupts_disable \(\) at guests/crack/crack.c

# The guest as the monitor has it, and its source; then back to the monitor.
guest
#> ^crack, as the monitor has it:
#> ^  eip    001004f5
host
#> ^#0 +handle_protection

# ---- 4. Back. The handler steps over the CLI, your world_enter puts everything back. ----

tbreak *world_enter
continue
#> ^in world_enter at .*enter.asm
vmresume
#> kernel_main .* at guests/crack/crack.c
x/2i $pc - 1
#> cli
#> pushf
print $cpl
#> = 1$

# The real IF is still on: the guest's CLI has had no effect. PUSHF is about to tell the guest so.
print ($eflags >> 9) & 1
#> = 1$

exits
#> ^exit [0-9]+  privileged vector 13 error 0  0009:001004f5 <kernel_main\+[0-9]+>  cli$
