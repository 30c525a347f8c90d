; SPDX-License-Identifier: BSD-2-Clause
;
; A bare guest for the tests of the bridge. HOW says what it does:
;	1  a triple fault
;	2  sleeps with interrupts off
;	3  waits for ever, while a timer interrupts it
;	4  computes in x87 and SSE registers, copies a string
;	5  runs in a code segment whose base is not 0

	bits	32
	section	.text
	dd	0x1badb002, 0, -0x1badb002	; Multiboot header

VECTOR	equ	0x20				; of the first interrupt controller's first line
BASE	equ	0x10000
OFFSET	equ	wait_here - BASE
COPIED	equ	100000
COPY	equ	0x200000

	global	guest_start, wait_here, handler, handler_second, ticks, copying, copied
guest_start:
	cli
	mov	esp, stack_top
%if HOW = 1
	lidt	[nothing]
	ud2
%elif HOW = 2
	hlt
%elif HOW = 3
	mov	eax, handler
	mov	[gate], ax
	mov	[gate + 2], cs
	shr	eax, 16
	mov	[gate + 6], ax
	lidt	[idt_pointer]
	mov	al, 0x11			; 8259A: initialize, edge, cascade, ICW4
	out	0x20, al
	mov	al, VECTOR
	out	0x21, al
	mov	al, 4
	out	0x21, al
	mov	al, 1
	out	0x21, al
	mov	al, 0xfe			; only the timer
	out	0x21, al
	mov	al, 0xff
	out	0xa1, al
	sti
%elif HOW = 4
	fninit
	fldpi
	fld1
	mov	eax, cr4
	or	eax, 1 << 9			; OSFXSR
	mov	cr4, eax
	movups	xmm1, [bytes]
	cld
	mov	esi, guest_start
	mov	edi, COPY
	mov	ecx, COPIED
copying:
	rep	movsb
copied:
%elif HOW = 5
	lgdt	[gdt_pointer]
	jmp	8:OFFSET
%endif

wait_here:
	times 4 nop				; room for a test's own instruction
	jmp	wait_here

handler:
	push	eax				; one byte long
handler_second:
	inc	dword [ticks]
	mov	al, 0x20			; end of interrupt
	out	0x20, al
	pop	eax
	iret

%if HOW != 4
copying:
copied:
%endif

	section	.data align=16
bytes:	db	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
nothing:
	dw	0
	dd	0
gdt:	dq	0
	dw	0xffff, BASE & 0xffff
	db	BASE >> 16, 0x9b, 0xcf, 0	; code, 32 bits
gdt_pointer:
	dw	15
	dd	gdt
idt:	times VECTOR dq 0
gate:	dw	0, 0, 0x8e00, 0			; interrupt gate, DPL 0
idt_pointer:
	dw	8 * VECTOR + 7
	dd	idt
ticks:	dd	0

	section	.bss
	resb	4096
stack_top:
