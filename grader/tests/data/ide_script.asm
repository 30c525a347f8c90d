; SPDX-License-Identifier: BSD-2-Clause
;
; Boot sector for the test of the disk: does what a script says with the bare machine's second disk.
; The test puts the script at SCRIPT, in steps of four bytes: what, value, and a port or a count of
; words. Each step leaves two bytes at ANSWERS.

SCRIPT	equ	0x8000
ANSWERS	equ	0xa000

DATA	equ	0x170
CONTROL	equ	0x376			; read: alternate status
BUSY	equ	0x80
FACTOR	equ	31

	bits	16
	org	0x7c00

	cli
	xor	ax, ax
	mov	ds, ax
	mov	ss, ax
	mov	sp, 0x7000
	mov	si, SCRIPT
	mov	di, ANSWERS
step:
	mov	bl, [si]
	mov	al, [si + 1]
	mov	dx, [si + 2]
	mov	cx, dx
	add	si, 4
	cmp	bl, 1
	jb	done
	je	write
	cmp	bl, 3
	jb	read
	je	take
	cmp	bl, 5
	jb	give
settle:					; until the drive is not busy
	mov	dx, CONTROL
.again:
	in	al, dx
	test	al, BUSY
	jnz	.again
	jmp	answer
write:
	out	dx, al
	jmp	answer
read:
	in	al, dx
answer:
	mov	ah, 0
	mov	[di], ax
next:
	add	di, 2
	jmp	step
take:					; CX words: their sum, and each time it is multiplied
	mov	dx, DATA
	mov	bx, 1
.word:
	imul	bx, bx, FACTOR
	in	ax, dx
	add	bx, ax
	call	settle_data
	loop	.word
	mov	[di], bx
	jmp	next
give:					; CX words: the value in both bytes, and the count
	mov	dx, DATA
	mov	ah, al
	mov	bx, ax
.word:
	mov	ax, bx
	add	ax, cx
	out	dx, ax
	call	settle_data
	loop	.word
	jmp	answer
settle_data:
	push	ax
	mov	dx, CONTROL
.again:
	in	al, dx
	test	al, BUSY
	jnz	.again
	mov	dx, DATA
	pop	ax
	ret
done:
	jmp	$

	times	0x1e0 - ($ - $$) db 0
	dw	step, done
	times	510 - ($ - $$) db 0
	dw	0xaa55
