; SPDX-License-Identifier: BSD-2-Clause
;
; Boot sector for the tests of the Bochs driver: says a word on COM1 and on port 0xE9, leaves a mark
; on the disk, and ends in the way that HOW names.

POWER_OFF	equ	0
TRIPLE_FAULT	equ	1
BIOS_PANIC	equ	2
HALT		equ	3	; interrupts off: for ever
SLEEP		equ	4	; interrupts on, none comes
IDLE		equ	5	; interrupts on, the timer comes
DEBUG_STOP	equ	6	; asks Bochs to stop, over and over

UART		equ	0x3f8
UART_LCR	equ	UART + 3
UART_LSR	equ	UART + 5
LCR_8N1		equ	3
LSR_EMPTY	equ	0x60

	bits	16
	org	0x7c00

	xor	ax, ax
	mov	ds, ax
	mov	es, ax
	mov	ss, ax
	mov	sp, 0x7c00
	mov	dx, UART_LCR
	mov	al, LCR_8N1
	out	dx, al
	mov	si, words
.next:
	lodsb
	test	al, al
	jz	.said
	out	0xe9, al
	mov	dx, UART
	out	dx, al
	mov	dx, UART_LSR
.wait:
	in	al, dx
	and	al, LSR_EMPTY
	cmp	al, LSR_EMPTY
	jne	.wait
	jmp	.next
.said:
	mov	ax, 0x0301		; write this sector to the second one
	mov	bx, 0x7c00
	mov	cx, 2
	mov	dx, 0x80
	int	0x13
end:
	nop
%if HOW = POWER_OFF
	mov	dx, 0x8900
	mov	si, shutdown
	mov	cx, 8
	rep	outsb
%elif HOW = TRIPLE_FAULT
	lidt	[no_idt]
	int3
%elif HOW = BIOS_PANIC
	mov	dx, 0x400
	mov	ax, 42
	out	dx, ax
%elif HOW = HALT
	cli
.forever:
	hlt
	jmp	.forever
%elif HOW = SLEEP
	mov	al, 0xff
	out	0x21, al
	out	0xa1, al
	sti
	hlt
%elif HOW = IDLE
	sti
.idle:
	hlt
	inc	ebp
	jmp	.idle
%elif HOW = DEBUG_STOP
	mov	dx, 0x8900
	mov	al, 'D'
	mov	cx, 50
.stop:
	out	dx, al
	loop	.stop
	jmp	$
%endif

words:		db	"hello from the machine", 10, 0
shutdown:	db	"Shutdown"
no_idt:		dw	0, 0, 0

	times	0x1e0 - ($ - $$) db 0
	dw	end
	times	510 - ($ - $$) db 0
	dw	0xaa55
