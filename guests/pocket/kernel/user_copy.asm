; SPDX-License-Identifier: BSD-2-Clause
;
; The only instructions of the kernel that touch a program's memory. When one of them faults and the
; fault cannot be mended, traps.c lets them go on at user_copy_failed. Between user_copy_first and
; user_copy_end the stack does not change, so both ways out find the same one.

global user_copy
global user_copy_first
global user_copy_end
global user_copy_failed

section .text

; bool user_copy(void *to, const void *from, uint32_t size)
user_copy:
	push ebp
	mov ebp, esp
	push esi
	push edi
	mov edi, [ebp + 8]
	mov esi, [ebp + 12]
	mov ecx, [ebp + 16]
	shr ecx, 2
user_copy_first:
	rep movsd
	mov ecx, [ebp + 16]
	and ecx, 3
	rep movsb
user_copy_end:
	mov eax, 1
user_copy_out:
	pop edi
	pop esi
	pop ebp
	ret
user_copy_failed:
	xor eax, eax
	jmp user_copy_out
