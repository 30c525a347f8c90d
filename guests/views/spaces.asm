; SPDX-License-Identifier: BSD-2-Clause
;
; Code that spaces.c and demand.c copy into pages. It works wherever it lies.

%include "kernel.inc"

global space_where
global space_where_end
global space_switch
global space_switch_end
global space_first
global space_first_end
global space_paging_off
global space_paging_off_end
global space_chain
global space_chain_end

section .text

; uint32_t (void): where it is, what its first bytes are there, and CS
space_where:
	pushf
	cli
	call .here
.here:
	pop eax
	mov ecx, [cs:eax - (.here - space_where)]
	add eax, ecx
	push cs
	pop edx
	movzx edx, dx
	shl edx, 28
	add eax, edx
	popf
	ret
space_where_end:

; uint32_t (uint32_t directory): MOV CR3 in its midst. The code behind it is fetched from the other
; address space, where the same bytes lie at the same place, but for the operand of the last MOV.
space_switch:
	mov ecx, [esp + 4]
	mov edx, cr3
	mov cr3, ecx
	pushf
	mov eax, 0x11111111
	popf
	mov cr3, edx
	ret
space_switch_end:

; The same page of the other space: the operand is another.
space_first:
	mov ecx, [esp + 4]
	mov edx, cr3
	mov cr3, ecx
	push cs
	mov eax, 0x22222222
	pop ecx
	mov cr3, edx
	ret
space_first_end:

; uint32_t (void): paging goes off in its midst. Behind that, code is fetched from the physical
; address that was the linear one, where the caller has put the same code with another operand.
space_paging_off:
	mov edx, cr0
	mov ecx, edx
	and ecx, 0x7fffffff
	mov cr0, ecx
	pushf
	mov eax, 0x11111111
	popf
	mov cr0, edx
	ret
space_paging_off_end:

; uint32_t (uint32_t value, uint32_t left, const uint32_t *table): mixes in where it is, and calls the
; next page
space_chain:
	call .here
.here:
	pop eax
	pushf
	cli
	mov ecx, [esp + 8]
	rol ecx, 3
	add ecx, eax
	mov edx, [esp + 16]
	mov eax, [esp + 12]
	popf
	dec eax
	jz .end
	push edx
	push eax
	push ecx
	call [edx + eax * 4]
	add esp, 12
	mov ecx, eax
.end:
	mov eax, ecx
	push ss
	pop edx
	movzx edx, dx
	add eax, edx
	ret
space_chain_end:
