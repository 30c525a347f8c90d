; SPDX-License-Identifier: BSD-2-Clause
;
; A critical section as kernels write it: what IF was is kept on the stack, and comes back at the end.
; Before lab 4 PUSHF and POPF are wrong here, and nothing traps.

extern section_count
global section_run
global section_cli
global section_restore
global section_after
global section_peek

section .text

section_run:
	pushf
section_cli:
	cli
	inc dword [section_count]
section_restore:
	popf
section_after:
	mov eax, [section_count]
	ret

; what the guest reads where PUSHF is, and by which way it may be read as well
section_peek:
	movzx eax, byte [cs:section_run]
	ret
