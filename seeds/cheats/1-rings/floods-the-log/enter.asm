; SPDX-License-Identifier: BSD-2-Clause
;
; Writes to the log's port as fast as the machine can.

global world_enter
global world_exit

section .text
world_enter:
world_exit:
	mov al, 'x'
	out 0xe9, al
	jmp world_enter
