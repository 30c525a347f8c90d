; SPDX-License-Identifier: BSD-2-Clause
;
; Boot sector for the tests of the Bochs driver: a loop that counts in EAX and in memory, two
; instructions and one store a round, with a second address to stop at on every 256th one.

counter	equ	0x500

	bits	16
	org	0x7c00

	xor	eax, eax
	mov	ds, ax
again:
	inc	al
	mov	[counter], al
	jnz	again
carry:
	inc	ah
	jmp	again

	times	0x1e0 - ($ - $$) db 0
	dw	again, carry
	times	510 - ($ - $$) db 0
	dw	0xaa55
