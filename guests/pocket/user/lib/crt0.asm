; SPDX-License-Identifier: BSD-2-Clause
;
; Where a program begins: ring 3, its own segments loaded, ESP at the end of its memory.

extern main
extern exit
global program_entry

section .text
program_entry:
	mov eax, ds                     ; the kernel leaves FS and GS empty
	mov fs, eax
	mov gs, eax
	xor ebp, ebp                    ; the end of every backtrace
	call main                       ; (), the status
	push eax
	call exit                       ; (status), never returns
