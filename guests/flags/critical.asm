; SPDX-License-Identifier: BSD-2-Clause
;
; Critical sections, in the ways in which kernels write them. Each function adds one to a counter
; that the timer's handler changes as well, and takes its time for that: reads it, dawdles, and
; writes it back. An interrupt in between would be lost.

%include "kernel.inc"

FLAG_IF equ 1 << 9

extern critical_counter
global section_pushf
global section_memory
global section_nested
global section_branch
global section_function
global section_cli_sti
global section_word

section .text

; with interrupts off: the counter, slowly
%macro add_slowly 0
	mov eax, [critical_counter]
	mov ecx, 12
%%dawdle:
	nop
	loop %%dawdle
	inc eax
	mov [critical_counter], eax
%endmacro

section_pushf:
	pushf
	cli
	add_slowly
	popf
	ret

; flags in a variable
section_memory:
	pushf
	pop edx
	cli
	add_slowly
	push edx
	popf
	ret

; three deep; only the outermost turns interrupts on again
section_nested:
	pushf
	cli
	pushf
	cli
	add_slowly
	popf
	pushf
	cli
	dec dword [critical_counter]
	add_slowly
	popf
	popf
	ret

; flags are looked at, not popped
section_branch:
	pushf
	pop edx
	cli
	add_slowly
	test edx, FLAG_IF
	jz .off
	sti
.off:
	ret

; save and restore are functions
section_function:
	push ebx
	call flags_save
	mov ebx, eax
	add_slowly
	mov eax, ebx
	call flags_restore
	pop ebx
	ret
flags_save:
	pushf
	pop eax
	cli
	ret
flags_restore:
	push eax
	popf
	ret

section_cli_sti:
	cli
	add_slowly
	sti
	ret

; 16 bits of flags are enough for IF
section_word:
	pushfw
	cli
	add_slowly
	popfw
	ret
