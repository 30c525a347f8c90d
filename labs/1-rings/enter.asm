; SPDX-License-Identifier: BSD-2-Clause
;
; Lab 1, enter.asm: the door between the two worlds.
;
; rings.h is the contract. Intel SDM volume 3A 6.12.1 (what a trap pushes), volume 2A IRET.

%include "constants.inc"

extern vm_exit
extern organ_unwritten
extern exit_unwritten
extern monitor_stack_top
global world_enter
global world_exit

section .text

; _Noreturn void world_enter(struct vcpu *vcpu)
world_enter:
	; YOUR CODE HERE
	push dword .name
	call organ_unwritten
	.name: db "world_enter", 0

; A trap out of a guest. On the stack, which is the tail of the vcpu's struct guest_registers:
;       ss  esp  eflags  cs  eip  error_code  vector   <- ESP
world_exit:
	; YOUR CODE HERE
	jmp exit_unwritten
