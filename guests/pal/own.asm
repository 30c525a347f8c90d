; SPDX-License-Identifier: BSD-2-Clause
;
; The interrupt flag, by the processor's own instructions. Each function has room for a jump of five
; bytes.

%include "constants.inc"

extern pal_code
global own_flags
global own_mask
global own_unmask
global own_set_flags
global own_section

section .text

own_flags:
	pushf
	pop eax
	and eax, 0x003f7fd5             ; all flags that there are
	ret

own_mask:
	pushf
	pop eax
	cli
	lea ecx, [eax]
	ret

own_unmask:
	sti
	lea ecx, [eax]
	lea ecx, [eax]
	ret

own_set_flags:
	push dword [esp + 4]
	popf
	ret

; Both are on the stack: what the flags were, and what the firmware says inside.
own_section:
	pushf
	cli
	call pal_code + PAL_FLAGS * PAL_SLOT
	push eax
	call pal_code + PAL_UNMASK * PAL_SLOT
	pop eax
	popf
	ret
