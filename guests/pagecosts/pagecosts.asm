; SPDX-License-Identifier: BSD-2-Clause
;
; Operations whose cost is measured from outside, each between two labels, ROUNDS times. A round has
; pages of its own: what it touches first, no one has touched before.

ROUNDS equ 8
LOOPED equ 64                           ; pages of the loop
LOOPS  equ 500

PAGES  equ 0x00800000
TABLES equ 0x01000000
LARGES equ 0x04000000
PAGE   equ 4096
LARGE  equ 4096 * 1024

FIRST_SWITCHED equ 16                   ; of PAGES: the eight that are touched after a switch
FIRST_ABSENT   equ 80
ENTRY_FLAGS    equ 0x67                 ; present, writable, for users, accessed, dirty

extern pagecosts_roots
extern pagecosts_new_roots
extern pagecosts_table
global pagecosts_run
global pagecosts_loop
global pagecosts_fault_handler
global pagecosts_operations
global pagecosts_operation_count

section .rodata.operations progbits alloc noexec nowrite align=4
pagecosts_operations:

section .text

; Measures one instruction, or several: operation NAME, "what it is", {instruction}, ...
; The NOP is there since a trap of a single step comes before the instruction behind.
%macro operation 3-*
	global pagecosts_%1
	global pagecosts_after_%1
[section .rodata.operations]
	dd pagecosts_%1, pagecosts_after_%1, ROUNDS
%%text:	db %2
	times 52 - ($ - %%text) db 0
__?SECT?__
%define AFTER pagecosts_after_%1
pagecosts_%1:
%rep %0 - 2
	%3
%rotate 1
%endrep
	nop
AFTER:
%endmacro

; The same, that ends at an address which is not the next one: operation_to NAME, end, "what"
%macro operation_to 3
	global pagecosts_%1
[section .rodata.operations]
	dd pagecosts_%1, %2, ROUNDS
%%text:	db %3
	times 52 - ($ - %%text) db 0
__?SECT?__
pagecosts_%1:
%endmacro

; One read from each of eight pages.
%macro touch_8 0
%assign %%page FIRST_SWITCHED
%rep 8
	mov eax, [PAGES + %%page * PAGE]
%assign %%page %%page + 1
%endrep
%endmacro

; void pagecosts_run(void)
pagecosts_run:
	push ebx
	push esi
	push edi
	push ebp
	xor ebx, ebx                    ; the round
pagecosts_round:
	mov esi, ebx
	shl esi, 12
	add esi, PAGES                  ; its page
	mov edi, ebx
	shl edi, 22                     ; its 4 MiB
	mov ebp, [pagecosts_table]      ; and the entry of its page
	lea ebp, [ebp + ebx * 4]

	operation touch, "first touch of a page, a read", {mov eax, [esi]}
	operation again, "the same page once more", {mov eax, [esi]}
	operation write, "first write to it", {mov [esi], eax}
	operation new_table, "first touch by a table that is new", {mov eax, [TABLES + edi]}
	operation large, "first touch of a page of 4 MiB", {mov eax, [LARGES + edi]}
	operation large_more, "first touch elsewhere in it", {mov eax, [LARGES + edi + 5 * PAGE]}
	operation invlpg, "INVLPG", {invlpg [esi]}
	operation refill, "first touch after it", {mov eax, [esi]}

	mov edx, [ebp]
	operation entry, "write to an entry that is in use", {mov [ebp], edx}
	invlpg [esi]
	mov eax, [esi]
	operation entry_unused, "write to an entry that nobody used yet", {mov [ebp + 400 * 4], edx}
	operation entry_or, "OR to an entry that is in use", {or dword [ebp], 0x200}
	invlpg [esi]

	lea ecx, [esi + FIRST_ABSENT * PAGE]
	mov edx, ebp
	add edx, FIRST_ABSENT * 4       ; the entry of that page
	mov dword [handler_entry], 0
	operation_to fault, pagecosts_fault_handler, "page fault, to the guest's handler"
	mov eax, [ecx]
	nop
pagecosts_after_fault:
	operation_to fault_again, pagecosts_after_fault_again, "page fault, handler and IRET"
	mov eax, [ecx]
	nop
pagecosts_after_fault_again:
	mov [handler_entry], edx
	operation demand, "page fault whose handler maps the page", {mov eax, [ecx]}

	; both roots have been here before, but in the first round
	mov eax, [pagecosts_roots + 4]
	operation switch, "MOV to CR3, eight pages touched", {mov cr3, eax}, touch_8
	mov eax, [pagecosts_roots]
	operation switch_back, "and back, eight pages touched", {mov cr3, eax}, touch_8
	mov eax, [pagecosts_roots]
	operation reload, "MOV to CR3, the same root, eight pages", {mov cr3, eax}, touch_8
	mov eax, [pagecosts_new_roots + ebx * 4]
	operation root, "MOV to CR3, a root that is new", {mov cr3, eax}
	operation root_touch, "eight pages touched in it", touch_8
	mov eax, [pagecosts_roots]
	mov cr3, eax

	inc ebx
	cmp ebx, ROUNDS
	jb pagecosts_round
	pop ebp
	pop edi
	pop esi
	pop ebx
	ret

; Steps over the access, which has two bytes; or maps the page of the round to where its first page
; is, if [handler_entry] is the address of an entry.
pagecosts_fault_handler:
	add esp, 4
	cmp dword [handler_entry], 0
	jne .map
	add dword [esp], 2
	iret
.map:
	push ecx
	push edx
	mov edx, [handler_entry]
	mov ecx, [edx - FIRST_ABSENT * 4]
	and ecx, 0xfffff000
	or ecx, ENTRY_FLAGS
	mov [edx], ecx
	pop edx
	pop ecx
	iret

; void pagecosts_loop(void): LOOPS times through LOOPED pages.
global pagecosts_loop_begin
global pagecosts_loop_end
pagecosts_loop:
	push ebx
	mov ecx, LOOPS
	xor eax, eax
	mov edx, PAGES
	mov ebx, LOOPED
.first:
	add [edx], eax
	add edx, PAGE
	dec ebx
	jnz .first
pagecosts_loop_begin:
	mov edx, PAGES
	mov ebx, LOOPED
.page:
	add eax, [edx]
	rol eax, 3
	add [edx + 64], eax
	add edx, PAGE
	dec ebx
	jnz .page
	dec ecx
	jnz pagecosts_loop_begin
pagecosts_loop_end:
	pop ebx
	ret

; void pagecosts_build(void): ten entries in a row of the table that is in use.
global pagecosts_build
global pagecosts_build_begin
global pagecosts_build_end
pagecosts_build:
	mov edx, [pagecosts_table]
	mov ecx, 10
	mov eax, [PAGES]                ; the table is in use
pagecosts_build_begin:
.entry:
	mov dword [edx + 500 * 4 + ecx * 4], ENTRY_FLAGS
	dec ecx
	jnz .entry
pagecosts_build_end:
	ret

section .rodata.operations
operations_end:

section .rodata align=4
pagecosts_operation_count:
	dd (operations_end - pagecosts_operations) / 64

section .bss align=4
handler_entry: resd 1
