; SPDX-License-Identifier: BSD-2-Clause
;
; Boot sector for the tests of the device models: does what a script says with the bare machine's
; ports. The test puts the script at SCRIPT, in steps of four bytes: what, value, port. Each step
; leaves eight bytes at ANSWERS: what was read, and the time-stamp counter's low half just before.

SCRIPT	equ	0x8000
ANSWERS	equ	0xa000

	bits	16
	org	0x7c00

	cli
	xor	ax, ax
	mov	ds, ax
	mov	es, ax
	mov	ss, ax
	mov	sp, 0x7000
	cld
	mov	si, SCRIPT
	mov	di, ANSWERS
step:
	rdtsc
	mov	[di + 4], eax
	mov	bl, [si]
	mov	al, [si + 1]
	mov	dx, [si + 2]
	add	si, 4
	cmp	bl, 1
	jb	done
	je	write
	cmp	bl, 3
	jb	read
	je	count
idle:					; DX times 1024 instructions
	mov	cx, 1024
.loop:
	loop	.loop
	dec	dx
	jnz	idle
	jmp	next
write:
	out	dx, al
	jmp	next
read:
	in	al, dx
	mov	ah, 0
	mov	[di], ax
	jmp	next
count:					; low byte, then high byte
	in	al, dx
	mov	ah, al
	in	al, dx
	xchg	al, ah
	mov	[di], ax
next:
	add	di, 8
	jmp	step
done:
	jmp	$

	times	0x1e0 - ($ - $$) db 0
	dw	step, done
	times	510 - ($ - $$) db 0
	dw	0xaa55
