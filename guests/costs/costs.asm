; SPDX-License-Identifier: BSD-2-Clause
;
; Operations whose cost is measured from outside: a label before each, and one behind it. Each comes
; several times, since something else may fall into one of them.

%include "kernel.inc"

ROUNDS       equ 8
INTERRUPTS   equ 20
CALLS        equ 2000
CLOSED_CALLS equ 40

LINE_STATUS  equ 0x3fd
PIC_COMMAND  equ 0x20
END          equ 0x20                   ; non-specific end of interrupt
FREE_ENTRY   equ 40 * 8                 ; a descriptor that no one uses

extern kernel_gdt
global costs_kernel
global costs_user
global costs_divide_handler
global costs_timer_handler
global costs_call_handler

; labels for whoever measures
global costs_cli
global costs_after_cli
global costs_sti
global costs_after_sti
global costs_in
global costs_after_in
global costs_divide
global costs_after_divide
global costs_write
global costs_after_write
global costs_timer_begin
global costs_timer_end
global costs_calls_begin
global costs_calls_end
global costs_closed_begin
global costs_closed_end

section .text

; void costs_kernel(void): in ring 0, with all interrupts of the 8259s masked but the timer's, which
; has not begun.
costs_kernel:
	push ebx
	mov ebx, ROUNDS
costs_round:
	sti
	nop
costs_cli:
	cli
costs_after_cli:
	nop
costs_sti:
	sti
costs_after_sti:
	nop
	cli
	mov edx, LINE_STATUS
costs_in:
	in al, dx
costs_after_in:
	xor edx, edx
	xor ecx, ecx
costs_divide:
	div ecx
costs_after_divide:
	nop
costs_write:
	mov [kernel_gdt + FREE_ENTRY], ebx
	nop                             ; a trap of a single step comes before this one
costs_after_write:
	dec ebx
	jnz costs_round
	pop ebx
	ret

; Steps over the DIV, which has two bytes.
costs_divide_handler:
	add dword [esp], 2
	iret

; void costs_timer(void): the timer interrupts a loop of three instructions, which EBX counts.
global costs_timer
costs_timer:
	push ebx
	xor ebx, ebx
	mov dword [interrupts], 0
	sti
.first:
	cmp dword [interrupts], 1       ; the programming itself may have brought one
	jb .first
costs_timer_begin:
	inc ebx
	cmp dword [interrupts], INTERRUPTS + 1
	jb costs_timer_begin
costs_timer_end:
	cli
	pop ebx
	ret

costs_timer_handler:
	push eax
	inc dword [interrupts]
	mov al, END
	out PIC_COMMAND, al
	pop eax
	iret

; A system call that does nothing: through a trap gate, and through an interrupt gate.
costs_call_handler:
	iret

section .user progbits alloc exec nowrite align=16

; In ring 3.
costs_user:
	mov ecx, CALLS
costs_calls_begin:
	int SYSTEM_CALL
	dec ecx
	jnz costs_calls_begin
costs_calls_end:
	mov ecx, CLOSED_CALLS
costs_closed_begin:
	int SYSTEM_CALL + 1
	dec ecx
	jnz costs_closed_begin
costs_closed_end:
	int SYSTEM_CALL + 2             ; the end

section .rodata align=4
global costs_interrupts
global costs_calls
global costs_closed_calls
costs_interrupts:   dd INTERRUPTS
costs_calls:        dd CALLS
costs_closed_calls: dd CLOSED_CALLS

section .bss align=4
interrupts: resd 1
