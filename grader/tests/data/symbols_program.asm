; SPDX-License-Identifier: BSD-2-Clause
;
; A program for the tests of the symbol reader. Its second part, with PART = 2, defines the local
; names `helper` and `twice` once more, at other addresses.

	bits	32

%if PART = 1
	global	_start:function (_start.end - _start)
	global	secret:data 8
	global	helper
	extern	second

	section	.text
_start:
	call	helper
	call	second
	nop
.end:
	times	7 nop
helper:
	ret
twice:
	ret

	section	.data
before:
	db	"before", 0, 0
secret:
	dd	0x11111111, 0x22222222
	dd	0x33333333		; belongs to `before`, the last label that has no end
after:

	section	.bss align=16
	global	zeros
zeros:
	resb	4096
%else
	global	second

	section	.text
second:
	ret
helper:
	ret
twice:
	ret
%endif
