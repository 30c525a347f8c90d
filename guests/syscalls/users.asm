; SPDX-License-Identifier: BSD-2-Clause
;
; The users: each asks the kernel ESI times to mix a value, then leaves with it. Between the labels
; user_NAME and user_NAME_end there is nothing but asking, so that it can be counted from outside.

NUMBER_LEAVE equ 0
NUMBER_MIX   equ 1

section .user progbits alloc exec nowrite align=16

%macro user 2                           ; name, vector
	global %1
	global %1_end
%1:
	mov edi, 0x5aa5f00f
.next:
	mov eax, NUMBER_MIX
	int %2
	add ebx, eax
	push ebx                        ; the user's stack, and memory
	pop edx
	dec esi
	jnz .next
%1_end:
	mov eax, NUMBER_LEAVE
	int %2
%endmacro

	user user_trap, 0x80
	user user_interrupt, 0x81
	user user_kernel, 0x82
