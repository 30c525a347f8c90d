; SPDX-License-Identifier: BSD-2-Clause
;
; Code of the guest's that is called with care (try.c), and firmware of its own.

%include "constants.inc"

CALL_VECTOR equ 0x82
END_VECTOR  equ 0x83
PAGE        equ 4096
OTHER_CALL  equ 11
OTHER_OF    equ 0x4f544800              ; PAL_VERSION's answer

global code_end
global code_call
global code_call_user
global code_slot_user
global code_touch
global other_pal

section .text

code_end:
	int END_VECTOR

code_call:
	int CALL_VECTOR
	ret

code_touch:
	mov ecx, [eax]
	lock or dword [eax], 0
	ret

; A page that works wherever it lies. It keeps the flag as the processor does.
%macro operation 1
	times (%1) * PAL_SLOT - ($ - other_pal) int3
%endmacro

	align 16
other_pal:
	operation PAL_VERSION
	mov eax, OTHER_OF
	ret
	operation PAL_FLAGS
	pushf
	pop eax
	and eax, 0x0003f7fd5
	ret
	operation PAL_SET_FLAGS
	and edx, 0x200
	or edx, 2
	push edx
	popf
	ret
	operation PAL_MASK
	pushf
	pop eax
	cli
	lea ecx, [ecx]
	ret
	operation PAL_UNMASK
	sti
	lea ecx, [ecx]
	lea ecx, [ecx]
	ret
	operation OTHER_CALL
	int CALL_VECTOR
	ret
	times PAGE - ($ - other_pal) int3

section .user progbits alloc exec nowrite

code_call_user:
	int CALL_VECTOR
	int END_VECTOR

code_slot_user:
	call eax
	int END_VECTOR
