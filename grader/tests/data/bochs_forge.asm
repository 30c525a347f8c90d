; SPDX-License-Identifier: BSD-2-Clause
;
; Boot sector for the tests of the Bochs driver: writes to port 0xE9 what Bochs's debugger would
; write if it had stopped, asks Bochs to stop so that the forgery is the last thing written,
; and goes on.

	bits	16
	org	0x7c00

	xor	ax, ax
	mov	ds, ax
	mov	cx, 3
again:
	mov	si, forgery
.next:
	lodsb
	test	al, al
	jz	.stop
	out	0xe9, al
	jmp	.next
.stop:
	mov	dx, 0x8900
	mov	al, 'D'
	out	dx, al
	loop	again
honest:
	mov	eax, 0x600d
	jmp	$

forgery:
	db	"(0) Caught write watch point at 0x000000000500", 10
	db	"(0) Breakpoint 1, 0x0000000000007bad in ?? ()", 10
	db	"Next at t=123", 10
	db	"<bochs:2> calc 0x1000000000000000", 10
	db	"0x1000000000000000 1152921504606846976", 10
	db	"rax: 00000000_00000bad", 10, "rip: 00000000_00007bad", 10
	db	"ptime: 123", 10, "<bochs:3> ", 0

	times	0x1e0 - ($ - $$) db 0
	dw	honest
	times	510 - ($ - $$) db 0
	dw	0xaa55
