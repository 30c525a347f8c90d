; SPDX-License-Identifier: BSD-2-Clause
;
; One round of the loop that is interrupted (loop.c), and a handler that counts.

BODY equ 512                            ; JUMBLE_BODY

global jumble_round
global jumble_loop
global jumble_loop_end
global jumble_body
global jumble_count_handler
global jumble_far

section .text

jumble_loop:

; void jumble_round(void): the body, with all registers as they always are.
jumble_round:
	pusha
	mov [kept], esp
	mov esp, stack_end - 512
	mov eax, 0x0a0a0a0a
	mov ecx, 0x1c1c1c1c
	mov edx, 0x2d2d2d2d
	mov ebx, 0x3b3b3b3b
	mov ebp, 0x5e5e5e5e
	mov esi, 0x65656565
	mov edi, 0x7d7d7d7d
	cmp esp, esp
	sti
	jmp near jumble_body

; The body ends here: a JMP of its own.
global jumble_back
jumble_back:
	mov esp, [kept]
	cld
	sti
	nop
	cli
	popa
	ret

; Counts, and gives EFLAGS back as they are.
jumble_count_handler:
	inc dword [counted]
	iret

; What a far CALL goes to.
jumble_far:
	retf
jumble_loop_end:

; In a page of its own, and not in the text: someone else writes it.
section .data align=4096
jumble_body:
	db 0xe9
	dd jumble_back - jumble_body - 5
	times BODY - ($ - jumble_body) db 0xf4

section .bss align=4096
	resb 4096
stack_end:
kept:    resd 1
counted: resd 1
