; SPDX-License-Identifier: BSD-2-Clause
;
; Data between code: constants, strings, tables, and variables that are written while the code beside
; them runs. And ways in which code finds out where it is.

%include "kernel.inc"

PAGE equ 4096

global between_page
global between_page_end
global between_counter
global between_count
global between_string_sum
global between_fibonacci
global position_call
global position_call_near
global position_far
global position_nested
global position_fault
global position_int
global position_return
global page_sum

; A page in which code and what it writes lie as near as can be.
section .text align=4096
between_page:

; uint32_t between_count(uint32_t rounds): counts in a variable that is right before the loop and in
; one right behind it, with a critical section around
	dd 0
between_counter:
	dd 0
between_count:
	mov ecx, [esp + 4]
.next:
	pushf
	cli
	inc dword [between_counter]
	mov eax, [between_counter]
	add [.behind], eax
	popf
	loop .next
	mov eax, [.behind]
	jmp short .end
.behind:
	dd 0
.end:
	ret

; uint32_t between_string_sum(void): a string, right behind the jump over it
between_string_sum:
	jmp short .code
.string:
	db "pushf cli popf", 0x9c, 0xfa, 0x9d, 0
.code:
	push esi
	mov esi, .string
	xor edx, edx
	xor eax, eax
.next:
	lodsb
	rol edx, 3
	add edx, eax
	test al, al
	jnz .next
	smsw eax
	movzx eax, ax
	add eax, edx
	pop esi
	ret

; uint32_t between_fibonacci(uint32_t n): by a table in the code that the code fills
between_fibonacci:
	mov ecx, [esp + 4]
	mov edx, .table
	push ebx
.next:
	pushf
	mov eax, [edx]
	add eax, [edx + 4]
	popf
	mov [edx + 8], eax
	add edx, 4
	loop .next
	pop ebx
	ret
.table:
	dd 1, 1
	times 48 dd 0

; uint32_t page_sum(void): the sum of this page, computed by code in this page, which sets its flags
; with sensitive instructions while it reads them
page_sum:
	push esi
	mov esi, between_page
	xor edx, edx
	mov ecx, PAGE / 4
	cld
.next:
	lodsd
	pushf
	cli
	rol edx, 1
	add edx, eax
	popf
	loop .next
	mov eax, edx
	pop esi
	ret

; ---- where am I ----

; uint32_t position_...(void)
position_call:
	call .here
.here:
	pop eax
	ret

position_call_near:
	pushf
	cli
	call near .here
	times 4 nop
.here:
	pop eax
	popf
	ret

position_far:
	call KERNEL_CS:.here
.here:
	pop eax
	pop edx
	shl edx, 24
	add eax, edx
	ret

; return addresses of three calls, summed up
position_nested:
	call .one
	ret
.one:
	call .two
	add eax, [esp]
	ret
.two:
	pushf
	call .three
	popf
	add eax, [esp]
	ret
.three:
	mov eax, [esp]
	ret

; between.c: #UD and INT 62h return EIP
position_fault:
	pushf
	cli
	ud2
	popf
	ret
position_int:
	pushf
	cli
	int 0x62
	popf
	ret

; the caller's EIP, which the caller compares with its own label
position_return:
	mov eax, [esp]
	ret

	times (PAGE - (($ - $$) & (PAGE - 1))) & (PAGE - 1) nop
between_page_end:
