; SPDX-License-Identifier: BSD-2-Clause
;
; Every case in turn: load all registers, trap at register_site, store all registers.
;
; Between the loads and the stores no register is free and no data segment can be relied on. What
; stays is SS, always flat: everything in memory is reached through it, at fixed addresses.
; Moves do not change flags, so EFLAGS can be taken first and given back last.

%include "segments.inc"

REGISTER_CASES equ 8                    ; as registers.h has it

; struct register_case of registers.h
struc registers
	.eax: resd 1
	.ecx: resd 1
	.edx: resd 1
	.ebx: resd 1
	.esp: resd 1
	.ebp: resd 1
	.esi: resd 1
	.edi: resd 1
	.eflags: resd 1
	.ds: resd 1
	.es: resd 1
	.fs: resd 1
	.gs: resd 1
endstruc

extern register_cases
extern register_results
global register_cases_run
global register_site
global register_after
global register_selectors
global register_selector_count

section .text

; void register_cases_run(void)
register_cases_run:
	pusha
	lgdt [gdt_pointer]
	mov [caller_esp], esp
	xor ebx, ebx                    ; offset of the case
next_case:
	mov [case_offset], ebx
	lea esi, [register_cases + ebx]

	; Load: the flags by way of the case's own stack, the data segments, the general registers.
	mov esp, [esi + registers.esp]
	push dword [esi + registers.eflags]
	popf
	mov es, [ss:esi + registers.es]
	mov fs, [ss:esi + registers.fs]
	mov gs, [ss:esi + registers.gs]
	mov ds, [ss:esi + registers.ds]
	mov eax, [ss:esi + registers.eax]
	mov ecx, [ss:esi + registers.ecx]
	mov edx, [ss:esi + registers.edx]
	mov ebx, [ss:esi + registers.ebx]
	mov ebp, [ss:esi + registers.ebp]
	mov edi, [ss:esi + registers.edi]
	mov esi, [ss:esi + registers.esi]

register_site:
	cli
register_after:

	; Store.
	mov [ss:result + registers.eax], eax
	mov [ss:result + registers.ecx], ecx
	mov [ss:result + registers.edx], edx
	mov [ss:result + registers.ebx], ebx
	mov [ss:result + registers.esp], esp
	mov [ss:result + registers.ebp], ebp
	mov [ss:result + registers.esi], esi
	mov [ss:result + registers.edi], edi
	mov [ss:result + registers.ds], ds
	mov [ss:result + registers.es], es
	mov [ss:result + registers.fs], fs
	mov [ss:result + registers.gs], gs
	pushf
	pop dword [ss:result + registers.eflags]

	; Back to a world that C knows.
	mov eax, ss
	mov ds, eax
	mov es, eax
	mov fs, eax
	mov gs, eax
	mov esp, [caller_esp]
	cld

	mov ebx, [case_offset]
	mov esi, result
	lea edi, [register_results + ebx]
	mov ecx, registers_size / 4
	rep movsd
	add ebx, registers_size
	cmp ebx, REGISTER_CASES * registers_size
	jne next_case
	popa
	ret

section .data align=8
gdt:
	dq 0
	descriptor 0, LIMIT_MAX, ACCESS_CODE, FLAT                      ; 0x08
	descriptor 0, LIMIT_MAX, ACCESS_DATA, FLAT                      ; 0x10
	descriptor 0, LIMIT_MAX, ACCESS_DATA, FLAT                      ; 0x18
	descriptor 0x1000, LIMIT_MAX, ACCESS_DATA, FLAT                 ; 0x20
	descriptor 0, LIMIT_MAX, ACCESS_DATA | DPL(3), FLAT             ; 0x28
	descriptor 0x123456, 0xfff, ACCESS_DATA | DPL(3), FLAG_BIG      ; 0x30
	descriptor 0, LIMIT_MAX, ACCESS_DATA & ~2, FLAT                 ; 0x38: read only
	descriptor 0x2000, 0x7fff, ACCESS_CODE | DPL(3), FLAT           ; 0x40: code, readable
	descriptor 0, LIMIT_MAX, ACCESS_CODE | 4, FLAT                  ; 0x48: conforming code
gdt_end:

gdt_pointer:
	dw gdt_end - gdt - 1
	dd gdt

section .rodata align=4
; Every selector that DS, ES, FS and GS can be loaded with, by a kernel. Except 1, 2 and 3: these are
; null selectors too, but a processor that returns to an outer ring makes them 0. No monitor can
; give them back, and a guest that looks can count its exits so.
register_selectors:
	dw 0                                    ; null
	dw 0x10, 0x18, 0x20                     ; DPL 0
	dw 0x28, 0x2b, 0x30, 0x33               ; DPL 3
	dw 0x38                                 ; read only
	dw 0x08, 0x40, 0x43, 0x48               ; code
.end:
	align 4
register_selector_count:
	dd (register_selectors.end - register_selectors) / 2

section .bss align=4
caller_esp:  resd 1
case_offset: resd 1
result:      resb registers_size
