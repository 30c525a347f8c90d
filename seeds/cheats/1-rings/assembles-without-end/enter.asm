; SPDX-License-Identifier: BSD-2-Clause
;
; An assembler that is busy for ever.

section .text
%rep 1000000
%rep 1000000
	times 1000 nop
%endrep
%endrep
