; SPDX-License-Identifier: BSD-2-Clause
;
; Code in segments of its own. code_try() runs each; it ends with INT 61h or with a fault.

%include "kernel.inc"

; Selectors of through.c.
CODE_BASE    equ KERNEL_FREE            ; begins at segment_code, ends with it, readable
CODE_UNREAD  equ KERNEL_FREE + 8        ; the same, execute-only
CODE_CONFORM equ KERNEL_FREE + 16       ; the same, readable and conforming
CODE_16      equ KERNEL_FREE + 24       ; the same, 16-bit
END          equ 0x61

global segment_code
global segment_code_end
global segment_entries
global segment_entry_count
global write_through

; name, selector, label in segment_code: the argument is in EAX
%macro entry 3
	dd %%code
	%defstr %%text %1
	%%name: db %%text
	times 36 - ($ - %%name) db 0
	section .text
	%%code:
		jmp %2:(%3 - segment_code)
	section .rodata
%endmacro

section .text align=64
segment_code:
	db 0x11, 0x22, 0x33, 0x44       ; what offsets 0 to 3 of the segment hold
read_begin:
	mov eax, [cs:0]
	int END
read_last:
	mov al, [cs:segment_last - segment_code]
	int END
read_end:
	mov eax, [cs:segment_last - segment_code]       ; three bytes of it are beyond the limit
	int END
read_flat:
	mov eax, [segment_code]
	int END
position:
	call .here
.here:
	pop eax                         ; an offset in the segment
	int END
selector:
	pushf
	push cs
	pop ecx
	movzx eax, cx
	popf
	int END
table:
	and eax, 3
	jmp [cs:.ways - segment_code + eax * 4]
.ways:
	dd .first - segment_code, .second - segment_code, .first - segment_code, .second - segment_code
.first:
	mov eax, cs
	int END
.second:
	cli
	pushf
	pop eax
	int END

bits 16
position_16:
	call .here
.here:
	pop ax
	int END
flags_16:
	pushf                           ; two bytes: there is no prefix
	pop ax
	o32 pushf
	pop ecx
	shl ecx, 16
	or eax, ecx
	int END
selector_16:
	mov eax, 0xffffffff
	mov ax, cs
	push cs
	pop ax
	int END
read_16:
	mov eax, [cs:0]
	int END
bits 32

segment_last:
	db 0x99
segment_code_end:
	times 4 db 0x77

section .data align=4
flags_word: dd 0

section .rodata align=4
segment_entries:
	entry read_begin, CODE_BASE, read_begin
	entry read_last, CODE_BASE, read_last
	entry read_end, CODE_BASE, read_end
	entry read_flat, CODE_BASE, read_flat
	entry position, CODE_BASE, position
	entry selector, CODE_BASE, selector
	entry table, CODE_BASE, table
	entry unreadable_read, CODE_UNREAD, read_begin
	entry unreadable_flat, CODE_UNREAD, read_flat
	entry unreadable_selector, CODE_UNREAD, selector
	entry unreadable_table, CODE_UNREAD, table
	entry conforming_read, CODE_CONFORM, read_begin
	entry conforming_end, CODE_CONFORM, read_end
	entry conforming_selector, CODE_CONFORM, selector
	entry position_16, CODE_16, position_16
	entry flags_16, CODE_16, flags_16
	entry selector_16, CODE_16, selector_16
	entry read_16, CODE_16, read_16
segment_entry_count: dd ($ - segment_entries) / 40

; Writes through CS are #GP, whatever segment.
section .text
write_through:
	mov [cs:flags_word], eax
	int END
