; SPDX-License-Identifier: BSD-2-Clause
;
; Code that writes to itself, near where it runs. Each function rewrites something ahead of it or
; behind it in its own page or the next, jumps, and so comes to the new code (Intel SDM volume 3A,
; 8.1.3, option 1).

%include "kernel.inc"

PAGE    equ 4096
FLAG_IF equ 1 << 9

global code_call
global line_ahead
global line_far_ahead
global line_next_page
global line_behind
global line_straddling
global line_immediate
global line_mask
global line_counts_up
global line_toggles
global line_string
global line_site

section .text align=4096

; EFLAGS as a sequence wants them.
%macro flags_begin 0
	push dword FLAG_IF
	popf
%endmacro

; uint32_t code_call(const void *code)
code_call:
	mov eax, [esp + 4]
	flags_begin
	call eax
	cli
	cld
	ret

; uint32_t line_ahead(uint32_t bytes): the instructions right behind the jump
line_ahead:
	mov eax, [esp + 4]
	mov [.site], eax
	flags_begin
	jmp short .site
.site:
	mov ax, 0x9090          ; one instruction, of four bytes
	cli
	ret

; The same, behind instructions that were run before and stay.
line_far_ahead:
	mov eax, [esp + 4]
	mov [.site], eax
	flags_begin
	jmp short .on
.on:
	mov ecx, 5
.loop:
	mov eax, cs
	loop .loop
	flags_begin
.site:
	nop
	nop
	nop
	nop
	cli
	ret

; The instructions lie behind EIP when they are written, and the code comes back to them.
line_behind:
	xor ecx, ecx
	jmp short .site
.again:
	mov eax, [esp + 4]
	mov [.site], eax
	flags_begin
	jmp .site
	nop
.site:
	pushf
	pop eax
	nop
	nop
	jecxz .first
	cli
	ret
.first:
	inc ecx
	jmp .again

; uint32_t line_immediate(uint32_t value): an operand changes, the instruction stays
line_immediate:
	mov eax, [esp + 4]
	mov [.site + 1], eax
	jmp short .site
.site:
	mov eax, 0x11111111
	push cs
	pop ecx
	movzx ecx, cx           ; PUSH of a segment register writes two bytes
	add eax, ecx
	ret

; The operand of an AND between two sensitive instructions.
line_mask:
	mov eax, [esp + 4]
	mov [.site + 1], eax
	flags_begin
	jmp short .read
.read:
	pushf
	pop eax
.site:
	and eax, 0x11111111
	push ss
	pop ecx
	movzx ecx, cx
	add eax, ecx
	cli
	ret

; uint32_t line_counts_up(uint32_t rounds): the instruction adds what it counts in itself, while the
; flags are pushed beside it: the sum of 1, 2, 3...
line_counts_up:
	mov ecx, [esp + 4]
	mov dword [.site + 1], 0
	xor edx, edx
.again:
	inc dword [.site + 1]
	jmp short .on
.on:
	pushf
	mov eax, edx
.site:
	add eax, strict dword 0
	mov edx, eax
	popf
	loop .again
	mov eax, edx
	ret

; uint32_t line_toggles(uint32_t rounds): CLI and STI by turns, in one place. Every second round
; finds IF set: 200h for each.
line_toggles:
	mov ecx, [esp + 4]
	xor eax, eax
.again:
	xor byte [.site], 1
	jmp short .site
.site:
	cli
	pushf
	pop edx
	and edx, FLAG_IF
	add eax, edx
	loop .again
	cli
	ret

; uint32_t line_string(uint32_t byte): REP STOSB writes the eight instructions behind the jump
line_string:
	push edi
	mov eax, [esp + 8]
	mov edi, .site
	mov ecx, 8
	flags_begin
	rep stosb
	jmp short .site
.site:
	times 8 nop
	pushf
	pop eax
	cli
	pop edi
	ret

; The site is in the next page.
line_next_page:
	mov eax, [esp + 4]
	mov [site_next], eax
	flags_begin
	jmp site_next

; The site begins in one page and ends in the next.
line_straddling:
	mov eax, [esp + 4]
	mov [site_straddling], eax
	flags_begin
	jmp site_straddling

	times (PAGE - 2 - (($ - $$) & (PAGE - 1))) & (PAGE - 1) nop
site_straddling:
	nop
	nop
	nop
	nop
	cli
	ret
	align 16
site_next:
	nop
	nop
	nop
	nop
	cli
	ret

; A run of which single bytes are rewritten from outside: SITE_BYTES of them, then it returns EFLAGS.
SITE_BYTES equ 16
	align 16
line_site:
	times SITE_BYTES nop
	pushf
	pop eax
	cli
	cld
	ret
