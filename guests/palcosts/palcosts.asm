; SPDX-License-Identifier: BSD-2-Clause
;
; Calls of the firmware whose cost is measured from outside (operations.inc), and what a kernel does
; without it.

%include "constants.inc"
%include "kernel.inc"
%define OPERATIONS_OF palcosts
%include "operations.inc"

UPDATES      equ 64
LINE         equ 60

COM1         equ 0x3f8
COM1_LSR     equ COM1 + 5
LSR_THRE     equ 0x20

extern pal_code
extern palcosts_list
extern palcosts_line
extern palcosts_directory
extern palcosts_page
global palcosts_run

; pal NAME, "what it is", number
%macro pal 3
	operation %1, %2, {call pal_code + (%3) * PAL_SLOT}
%endmacro

section .text

; void palcosts_run(void)
palcosts_run:
	push ebx
	push esi
	push edi
	push ebp
	xor ebx, ebx                    ; the round
palcosts_round:
	operation nothing, "JMP alone", nop
	pal version, "PAL_VERSION", PAL_VERSION
	pal flags, "PAL_FLAGS", PAL_FLAGS
	pal mask, "PAL_MASK", PAL_MASK
	pal unmask, "PAL_UNMASK", PAL_UNMASK
	xor edx, edx
	pal set_flags, "PAL_SET_FLAGS", PAL_SET_FLAGS
	operation pushf_cli_popf, "PUSHF, CLI, POPF instead", pushf, cli, popf
	pal time, "PAL_TIME", PAL_TIME
	mov edx, palcosts_page
	pal invalidate, "PAL_INVALIDATE", PAL_INVALIDATE
	operation invlpg, "INVLPG instead", {invlpg [edx]}
	mov edx, [palcosts_directory]
	pal cr3, "PAL_SET_CR3", PAL_SET_CR3
	operation mov_cr3, "MOV to CR3 instead", {mov cr3, edx}

	mov edx, palcosts_list
	mov ecx, UPDATES
	pal update, "PAL_UPDATE of 64 entries", PAL_UPDATE
	mov edx, palcosts_list
	mov ecx, UPDATES
	operation stores, "64 times MOV and INVLPG instead", {call store_all}

	mov edx, palcosts_line
	mov ecx, LINE
	pal console, "PAL_CONSOLE of 60 bytes", PAL_CONSOLE
	mov edx, palcosts_line
	mov ecx, LINE
	operation serial, "60 bytes to COM1 instead", {call send_all}

	inc ebx
	cmp ebx, OPERATION_ROUNDS
	jb near palcosts_round
	pop ebp
	pop edi
	pop esi
	pop ebx
	ret

; EDX: struct pal_update, ECX of them.
store_all:
	mov eax, [edx]
	mov edi, [edx + 4]
	mov esi, [edx + 8]
	mov [eax], edi
	invlpg [esi]
	add edx, PAL_UPDATE_SIZE
	dec ecx
	jnz store_all
	ret

; EDX: bytes, ECX of them.
send_all:
	mov esi, edx
.next:
	mov edx, COM1_LSR
.wait:
	in al, dx
	test al, LSR_THRE
	jz .wait
	lodsb
	mov edx, COM1
	out dx, al
	dec ecx
	jnz .next
	ret

operations_over
