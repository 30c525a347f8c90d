; SPDX-License-Identifier: BSD-2-Clause
;
; Interprets the guest by its trap flag: every single instruction is an exit. Says the opposite in
; the monitor's own counters.

%include "constants.inc"

extern vm_exit
extern monitor_stack_top
global world_enter
global world_exit

EFLAGS_TF equ 1 << 8

section .text
world_enter:
	mov esp, [esp + 4]
	mov dword [esp + VCPU_EXITS_OFFSET], 0
	popa
	pop gs
	pop fs
	pop es
	pop ds
step:
	add esp, 8                      ; vector, error_code
	or dword [esp + 8], EFLAGS_TF
	iret

world_exit:
	cmp dword [esp], 1              ; #DB: the next step
	je step
	push ds
	push es
	push fs
	push gs
	pusha
	mov eax, MONITOR_DS
	mov ds, eax
	mov es, eax
	cld
	and dword [esp + 64], ~EFLAGS_TF
	mov eax, esp
	mov esp, monitor_stack_top
	push eax
	call vm_exit
	push eax
	call world_enter
