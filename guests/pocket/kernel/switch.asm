; SPDX-License-Identifier: BSD-2-Clause
;
; From one task's stack to another's.
;
; A task that does not run has on its stack what C expects a called function to preserve (System V
; ABI, i386, 2.2.1), in the order of struct switch_frame in task.c:
;       return address  ebp  ebx  esi  edi   <- its stack pointer

global task_switch

section .text

; void task_switch(uint32_t *stack_pointer, uint32_t next_stack_pointer)
;
; Stores this task's stack pointer and goes on where the next task called task_switch. Interrupts are
; off on both sides.
task_switch:
	push ebp
	push ebx
	push esi
	push edi
	mov eax, [esp + 20]
	mov edx, [esp + 24]
	mov [eax], esp
	mov esp, edx
	pop edi
	pop esi
	pop ebx
	pop ebp
	ret
