; SPDX-License-Identifier: BSD-2-Clause
;
; Every form of IN, OUT, INS and OUTS, each followed by the INT that ends a case; and the way there,
; with every register as the case wants it.

%include "kernel.inc"

VECTOR_END equ 0x81

KIND_IN    equ 0
KIND_OUT   equ 1
KIND_INS   equ 2
KIND_OUTS  equ 3

REPEATED   equ 1
ADDRESS16  equ 2
SOURCE_FS  equ 4

; struct ports_case of ports.h
CASE_RING      equ 4
CASE_EAX       equ 8
CASE_ECX       equ 12
CASE_EDX       equ 16
CASE_EBX       equ 20
CASE_ESI       equ 24
CASE_EDI       equ 28
CASE_BACKWARDS equ 32
CASE_ES        equ 36
CASE_FS        equ 40

RING_KERNEL      equ 0
RING_USER_IOPL_3 equ 1

EFLAGS_FIXED equ 2
EFLAGS_DF    equ 1 << 10
EFLAGS_IOPL  equ 3 << 12

global ports_sites
global ports_site_count
global ports_case_run
global ports_case_end

; Enters the instruction that follows into the table: name, kind, size, port, flags.
%macro site 5
	[section .rodata.sites]
%%name:
	db %1
	times 20 - ($ - %%name) db 0
	dd %%code
	db %2, %3, %4, %5
	__?SECT?__
	int VECTOR_END                  ; of the one before
%%code:
%endmacro

section .rodata.sites progbits alloc noexec nowrite align=4
ports_sites:

; Users run them too.
section .user progbits alloc exec nowrite align=16

	site "in al, imm", KIND_IN, 1, 0x21, 0
	in al, 0x21
	site "in al, imm (0x71)", KIND_IN, 1, 0x71, 0
	in al, 0x71
	site "in ax, imm", KIND_IN, 2, 0x18, 0
	in ax, 0x18
	site "in eax, imm", KIND_IN, 4, 0x18, 0
	in eax, 0x18
	site "in al, dx", KIND_IN, 1, 0, 0
	in al, dx
	site "in ax, dx", KIND_IN, 2, 0, 0
	in ax, dx
	site "in eax, dx", KIND_IN, 4, 0, 0
	in eax, dx
	site "o16 in al, dx", KIND_IN, 1, 0, 0
	db 0x66
	in al, dx
	site "rep in al, dx", KIND_IN, 1, 0, 0
	db 0xf3
	in al, dx
	site "out imm, al", KIND_OUT, 1, 0xa1, 0
	out 0xa1, al
	site "out imm, al (0x71)", KIND_OUT, 1, 0x71, 0
	out 0x71, al
	site "out imm, ax", KIND_OUT, 2, 0x18, 0
	out 0x18, ax
	site "out imm, eax", KIND_OUT, 4, 0x18, 0
	out 0x18, eax
	site "out dx, al", KIND_OUT, 1, 0, 0
	out dx, al
	site "out dx, ax", KIND_OUT, 2, 0, 0
	out dx, ax
	site "out dx, eax", KIND_OUT, 4, 0, 0
	out dx, eax
	site "es out dx, al", KIND_OUT, 1, 0, 0
	db 0x26
	out dx, al
	site "insb", KIND_INS, 1, 0, 0
	insb
	site "insw", KIND_INS, 2, 0, 0
	insw
	site "insd", KIND_INS, 4, 0, 0
	insd
	site "a16 insb", KIND_INS, 1, 0, ADDRESS16
	a16 insb
	site "fs insb", KIND_INS, 1, 0, 0       ; INS is always ES
	fs insb
	site "rep insb", KIND_INS, 1, 0, REPEATED
	rep insb
	site "rep insw", KIND_INS, 2, 0, REPEATED
	rep insw
	site "rep insd", KIND_INS, 4, 0, REPEATED
	rep insd
	site "repne insb", KIND_INS, 1, 0, REPEATED
	repne insb
	site "a16 rep insb", KIND_INS, 1, 0, REPEATED | ADDRESS16
	a16 rep insb
	site "a16 rep insw", KIND_INS, 2, 0, REPEATED | ADDRESS16
	a16 rep insw
	site "outsb", KIND_OUTS, 1, 0, 0
	outsb
	site "outsw", KIND_OUTS, 2, 0, 0
	outsw
	site "outsd", KIND_OUTS, 4, 0, 0
	outsd
	site "a16 fs outsb", KIND_OUTS, 1, 0, ADDRESS16 | SOURCE_FS
	a16 fs outsb
	site "fs outsb", KIND_OUTS, 1, 0, SOURCE_FS
	fs outsb
	site "rep outsb", KIND_OUTS, 1, 0, REPEATED
	rep outsb
	site "rep outsw", KIND_OUTS, 2, 0, REPEATED
	rep outsw
	site "rep outsd", KIND_OUTS, 4, 0, REPEATED
	rep outsd
	site "fs rep outsb", KIND_OUTS, 1, 0, REPEATED | SOURCE_FS
	fs rep outsb
	site "a16 fs rep outsb", KIND_OUTS, 1, 0, REPEATED | ADDRESS16 | SOURCE_FS
	a16 fs rep outsb
	site "a16 fs rep outsd", KIND_OUTS, 4, 0, REPEATED | ADDRESS16 | SOURCE_FS
	a16 fs rep outsd
	int VECTOR_END

section .rodata.sites
ports_sites_end:

section .rodata align=4
ports_site_count:
	dd (ports_sites_end - ports_sites) / 28

section .text

; void ports_case_run(const struct ports_case *test, uint32_t address)
ports_case_run:
	push ebx
	push esi
	push edi
	push ebp
	mov ebp, [esp + 20]
	mov eax, [esp + 24]
	mov [site_address], eax
	mov [caller_esp], esp
	cmp dword [ebp + CASE_RING], RING_KERNEL
	je .registers

	; to ring 3: the frame of an IRET, at last the data segments
	mov eax, EFLAGS_FIXED
	cmp dword [ebp + CASE_RING], RING_USER_IOPL_3
	jne .flags
	or eax, EFLAGS_IOPL
.flags:
	cmp dword [ebp + CASE_BACKWARDS], 0
	je .frame
	or eax, EFLAGS_DF
.frame:
	push dword USER_DS
	push dword user_stack_top
	push eax
	push dword USER_CS
	push dword [site_address]
.registers:
	mov es, [ebp + CASE_ES]
	mov fs, [ebp + CASE_FS]
	mov eax, [ebp + CASE_EAX]
	mov ecx, [ebp + CASE_ECX]
	mov edx, [ebp + CASE_EDX]
	mov ebx, [ebp + CASE_EBX]
	mov esi, [ebp + CASE_ESI]
	mov edi, [ebp + CASE_EDI]
	cmp dword [ebp + CASE_RING], RING_KERNEL
	je .kernel
	mov ebp, USER_DS
	mov ds, ebp
	iret
.kernel:
	cmp dword [ebp + CASE_BACKWARDS], 0
	je .go
	std
.go:
	jmp [site_address]

; _Noreturn void ports_case_end(void)
ports_case_end:
	mov esp, [caller_esp]
	mov eax, KERNEL_DS
	mov fs, eax
	pop ebp
	pop edi
	pop esi
	pop ebx
	ret

section .bss align=16
	resb 1024
user_stack_top:
caller_esp:   resd 1
site_address: resd 1
