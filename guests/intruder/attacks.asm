; SPDX-License-Identifier: BSD-2-Clause
;
; What attacks.c calls: each attack is one that may fault at any instruction.

%include "kernel.inc"

global intrude_es
global intrude_fs
global intrude_ss
global intrude_read
global reach_write
global reach_stack
global reach_string
global reach_code

section .text

; uint32_t intrude_es(uint32_t selector): the first 64 KiB of that segment, as far as it goes.
intrude_es:
	mov eax, [esp + 4]
	mov es, ax
	xor edi, edi
.more:
	mov [es:edi], eax
	pushf
	pop ecx
	cli
	sti
	add edi, 4
	cmp edi, 0x10000
	jb .more
	ret

intrude_fs:
	mov eax, [esp + 4]
	mov fs, ax
	xor edi, edi
.more:
	not dword [fs:edi]
	lock add [fs:edi], eax
	pushf
	popf
	inc edi
	cmp edi, 64
	jb .more
	ret

; As a stack: what is pushed lies there.
intrude_ss:
	mov eax, [esp + 4]
	mov ss, ax
	mov esp, 8
	push eax
	push eax
	pushf
	ret

intrude_read:
	mov eax, [esp + 4]
	mov ds, ax
	mov ecx, [0]
	add [4], ecx
	mov [0], eax
	mov ecx, [8]
	ret

; uint32_t reach_write(uint32_t address)
reach_write:
	mov eax, [esp + 4]
	mov dword [eax], 0x90909090
	ret

reach_stack:
	mov eax, [esp + 4]
	mov esp, eax
	push dword 0x90909090
	pop ecx
	ret

reach_string:
	mov edi, [esp + 4]
	mov ecx, 16
	mov eax, 0x90909090
	cld
	rep stosd
	ret

; A read through CS, and a write.
reach_code:
	mov eax, [esp + 4]
	mov ecx, [cs:eax]
	mov [cs:eax], ecx
	ret
