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
	; BEGIN SOLUTION
	;| push dword .name
	;| call organ_unwritten
	;| .name: db "world_enter", 0
	; ESP walks through the vcpu's struct guest_registers, from its start to its end. The
	; monitor's stack is left as it is: no one comes back to it.
	mov esp, [esp + 4]              ; &vcpu->registers
	popa                            ; edi .. eax; popa skips pusha_esp by itself
	pop gs
	pop fs
	pop es
	pop ds
	add esp, 8                      ; vector, error_code
	iret                            ; eip, cs, eflags, esp, ss
	; END SOLUTION

; A trap out of a guest. On the stack, which is the tail of the vcpu's struct guest_registers:
;       ss  esp  eflags  cs  eip  error_code  vector   <- ESP
world_exit:
	; BEGIN SOLUTION
	;| jmp exit_unwritten
	push ds
	push es
	push fs
	push gs
	pusha                           ; ESP is now the vcpu's address
	mov eax, MONITOR_DS
	mov ds, eax
	mov es, eax
	cld
	mov eax, esp
	mov esp, monitor_stack_top
	push eax
	call vm_exit                    ; eax: the vcpu that is to run next
	push eax
	call world_enter                ; never returns
	; END SOLUTION
