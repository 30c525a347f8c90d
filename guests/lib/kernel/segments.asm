; SPDX-License-Identifier: BSD-2-Clause
;
; Loads every segment register from the GDT that is in force.

%include "kernel.inc"

global segments_load

section .text

; void segments_load(void)
segments_load:
	jmp KERNEL_CS:.code
.code:
	mov eax, KERNEL_DS
	mov ds, eax
	mov es, eax
	mov fs, eax
	mov gs, eax
	mov ss, eax
	ret
