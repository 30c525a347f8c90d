; SPDX-License-Identifier: BSD-2-Clause
;
; Boot sector for the tests of the Bochs driver: protected mode with an odd data segment, paging with
; a hole, a function to call from outside, and one of each kind of exception and interrupt.

PAGE_DIRECTORY	equ	0x10000
PAGE_TABLE	equ	0x11000
HOLE		equ	0x20000		; not present
ALIAS		equ	0x30000		; maps to the page at ALIASED
ALIASED		equ	0x40000
IDT		equ	0x2000
IDT_ENTRIES	equ	0x40
ODD		equ	0x18
ROUNDS		equ	100000		; of int 0x30 in the storm

	bits	16
	org	0x7c00

	cli
	xor	ax, ax
	mov	ds, ax
	lgdt	[gdtr]
	mov	eax, cr0
	or	al, 1
	mov	cr0, eax
	jmp	8:protected

	bits	32
protected:
	mov	ax, 0x10
	mov	ds, ax
	mov	es, ax
	mov	ss, ax
	mov	esp, 0x7000
	mov	ax, ODD
	mov	fs, ax
	xor	eax, eax
	mov	[odd], eax		; the hidden part stays
	mov	[odd + 4], eax
	mov	gs, ax

	mov	edi, PAGE_TABLE
	mov	eax, 3
.map:
	mov	[edi], eax
	add	edi, 4
	add	eax, 0x1000
	cmp	eax, 0x400000
	jb	.map
	mov	dword [PAGE_TABLE + HOLE / 0x400], 0
	mov	dword [PAGE_TABLE + ALIAS / 0x400], ALIASED + 3
	mov	dword [PAGE_DIRECTORY], PAGE_TABLE + 3
	mov	eax, PAGE_DIRECTORY
	mov	cr3, eax
	mov	eax, cr0
	or	eax, 0x80000000
	mov	cr0, eax

%macro	gate 2
	mov	dword [IDT + 8 * %1], (8 << 16) + %2
	mov	dword [IDT + 8 * %1 + 4], 0x8e00
%endmacro
	gate	6, plain_fault
	gate	8, timer
	gate	11, fault
	gate	13, fault
	gate	14, fault
	gate	0x30, trap
	mov	dword [IDT + 8 * 0x31 + 4], 0x0e00	; not present
	lidt	[idtr]
ready:
	int	0x30			; handler: one IRET
	mov	esi, .undefined
	ud2
.undefined:
	mov	esi, .selector
	mov	ax, 0x1238
	mov	gs, ax			; #GP(0x1238)
.selector:
	mov	esi, .page
	mov	al, [HOLE]		; #PF(0)
.page:
	mov	esi, .no_gate
	int	0x31			; #NP(0x31 * 8 + 2): not delivered
.no_gate:
	mov	esi, .bad_iret
	push	2
	push	0x7770
	push	0x1234
	iretd				; #GP(0x7770)
.bad_iret:
	mov	al, 0xfe		; the timer alone
	out	0x21, al
	sti
.wait:
	test	ebx, ebx
	jz	.wait
	cli
storm:
	mov	ecx, ROUNDS
.round:
	int	0x30
	dec	ecx
	jnz	.round
done:
	jmp	$

sum:
	mov	eax, [esp + 4]
	add	eax, [esp + 8]
	ret
plain_fault:
	push	eax
fault:
	add	esp, 4
	mov	[esp], esi
trap:
	iretd
timer:
	inc	ebx
	mov	al, 0x20
	out	0x20, al
	iretd

	align	8
gdt:
	dq	0, 0x00cf9a000000ffff, 0x00cf92000000ffff
odd:
	dq	0x1280d2345678bcde	; base 0x12345678, 0xbcde pages, data, DPL 2, 16-bit
gdtr:
	dw	$ - gdt - 1
	dd	gdt
idtr:
	dw	IDT_ENTRIES * 8 - 1
	dd	IDT

	times	0x1e0 - ($ - $$) db 0
	dw	ready, storm, done, sum, trap, plain_fault, fault, timer, ready.undefined
	times	510 - ($ - $$) db 0
	dw	0xaa55
