; SPDX-License-Identifier: BSD-2-Clause
;
; Where a program begins. exec() has left argc and argv on the stack, as main() expects them.

extern main
extern exit
global program_entry

section .text
program_entry:
	xor ebp, ebp                    ; the end of every backtrace
	call main                       ; (argc, argv), the status
	push eax
	call exit                       ; (status), never returns
