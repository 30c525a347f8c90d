; SPDX-License-Identifier: BSD-2-Clause
;
; Boot sector for the tests of the Bochs driver: writes to port 0xE9 without end.

	bits	16
	org	0x7c00

	mov	al, '<'
again:
	out	0xe9, al
	jmp	again

	times	510 - ($ - $$) db 0
	dw	0xaa55
