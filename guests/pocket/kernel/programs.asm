; SPDX-License-Identifier: BSD-2-Clause
;
; The programs' files, as part of the kernel's image. programs.inc is made by pocket.mk: one line
; "program NAME" for each file in user/.

global programs
global program_count

section .rodata align=4

; struct program in program.c
PROGRAM_BYTES equ 12
%macro program 1
[section .rodata.names]
%%name:
	db %str(%1), 0
[section .rodata.files]
	align 4
%%file:
	incbin %strcat("user/", %str(%1), ".elf")
%%end:
__?SECT?__
	dd %%name, %%file, %%end
%endmacro

programs:
%include "programs.inc"
.end:
program_count:
	dd (programs.end - programs) / PROGRAM_BYTES
