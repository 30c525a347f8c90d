; SPDX-License-Identifier: BSD-2-Clause
;
; A task's first instructions in ring 3.

extern ticker_user_main
global ticker_user_entry

section .user progbits alloc exec nowrite align=16

ticker_user_entry:
	push eax
	call ticker_user_main           ; (the task's number); does not come back
	ud2
