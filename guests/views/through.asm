; SPDX-License-Identifier: BSD-2-Clause
;
; Reads through CS: each function reads the bytes of `through_bytes`, or its own, with a CS override,
; and returns in EAX what it read. One instruction for each kind of operand and each size (Intel SDM
; volume 2A, 2.1.1).

%include "kernel.inc"

global through_table
global through_count
global through_bytes

; name, {instructions}: a function without arguments
%macro through 2-*
	%defstr %%text %1
	section .rodata
	dd through_%1
	%%name: db %%text
	times 28 - ($ - %%name) db 0
	section .text
	through_%1:
		push ebx
		push esi
		push edi
		mov ebx, through_bytes
		mov esi, through_bytes + 5
		mov edi, buffer
		mov ecx, 3
		mov edx, 0x77777777
		mov eax, 0x00000002
%rep %0 - 1
%rotate 1
		%1
%endrep
		pop edi
		pop esi
		pop ebx
		ret
%endmacro

; What an instruction that only sets flags said.
%define flags lahf

section .rodata align=4
through_table:

section .text align=64
through_bytes:                          ; among the code, and some of it would be sensitive code
	db 0x9c, 0x0e, 0x58, 0xfa, 0x8c, 0xc8, 0x0f, 0x01, 0xe0, 0xcc, 0x9d, 0xcf, 0xcd, 0x80, 0xf4, 0x0f
	db 0xa2, 0x16, 0x07, 0x1f, 0x17, 0xfb, 0xce, 0x9a, 0xea, 0xcb, 0xca, 0x0f, 0x00, 0xc8, 0x5a, 0xc3
	dd through_target, 0x00100010, KERNEL_DS, 0x12345678

TARGET equ 32                           ; offsets of the doublewords above
POINTER equ 36                           ; offset 100010h, and the selector behind it is KERNEL_DS

through_target:
	mov eax, 0x7a7a7a7a
	ret

	through mov8, {mov al, [cs:ebx + 1]}
	through mov16, {mov ax, [cs:ebx + 3]}
	through mov32, {mov eax, [cs:ebx + 5]}
	through mov8_high, {mov ah, [cs:ebx + ecx]}
	through mov_scaled, {mov eax, [cs:ebx + ecx * 4 + 1]}
	through mov_absolute, {mov eax, [cs:through_bytes]}
	through mov_moffs8, {mov al, [cs:through_bytes + 9]}
	through mov_offset16, {mov ecx, 0}, {mov eax, [cs:ebx + ecx + 7]}
	through mov_ebp, {push ebp}, {mov ebp, ebx}, {mov eax, [cs:ebp + 2]}, {pop ebp}
	through mov_segment, {mov fs, [cs:ebx + POINTER + 4]}, {mov eax, [fs:through_bytes]}
	through movzx8, {movzx eax, byte [cs:ebx]}
	through movzx16, {movzx eax, word [cs:ebx + 8]}
	through movsx8, {movsx eax, byte [cs:ebx + 4]}
	through movsx16, {movsx eax, word [cs:ebx + 4]}
	through cmp8, {cmp byte [cs:ebx], 0x9c}, {flags}
	through cmp16, {cmp [cs:ebx], dx}, {flags}
	through cmp32, {cmp edx, [cs:ebx]}, {flags}
	through test8, {test [cs:ebx + 1], al}, {flags}
	through test32, {test dword [cs:ebx], 0x100}, {flags}
	through add8, {add al, [cs:ebx]}
	through add16, {add ax, [cs:ebx]}
	through add32, {add eax, [cs:ebx]}
	through sub32, {sub eax, [cs:ebx]}
	through xor32, {xor eax, [cs:ebx]}
	through and16, {and dx, [cs:ebx]}, {mov eax, edx}
	through or32, {or eax, [cs:ebx]}
	through adc32, {stc}, {adc eax, [cs:ebx]}
	through imul32, {imul eax, [cs:ebx]}
	through imul32_3, {imul eax, [cs:ebx], 3}
	through mul8, {mul byte [cs:ebx]}
	through mul32, {mul dword [cs:ebx]}, {add eax, edx}
	through div32, {xor edx, edx}, {div dword [cs:ebx]}, {add eax, edx}
	through bt, {bt [cs:ebx], eax}, {flags}
	through bt_far, {mov eax, 77}, {bt [cs:ebx], eax}, {flags}
	through bsf, {bsf eax, [cs:ebx]}
	through bsr, {bsr eax, [cs:ebx]}
	through cmov, {test eax, eax}, {cmovnz eax, [cs:ebx]}
	through push32, {push dword [cs:ebx]}, {pop eax}
	through push16, {push word [cs:ebx]}, {pop ax}
	through jmp_table, {push dword .back}, {jmp [cs:ebx + TARGET]}, .back:
	through call_table, {call [cs:ebx + TARGET]}
	through xlat, {xlatb}, {cs xlatb}
	through lods8, {cs lodsb}
	through lods16, {cs lodsw}
	through lods32, {cs lodsd}
	through lods_rep, {cs rep lodsb}
	through movs8, {cs movsb}, {mov eax, [buffer]}
	through movs32, {cs movsd}, {mov eax, [buffer]}
	through movs_rep, {cs rep movsd}, {mov eax, [buffer + 8]}
	through movs_down, {std}, {cs rep movsb}, {cld}, {mov eax, [buffer - 2]}
	through cmps8, {cs cmpsb}, {flags}
	through cmps_rep, {cs repe cmpsb}, {flags}, {sub eax, ecx}
	through lds, {lds eax, [cs:ebx + POINTER]}
	through lfs, {lfs eax, [cs:ebx + POINTER]}
	through lar, {lar eax, [cs:ebx + POINTER + 4]}
	through verr, {verr [cs:ebx + POINTER + 4]}, {flags}
	through self, {mov eax, [cs:.here]}, .here:, {pushf}, {push cs}, {pop edx}, {pop edx}, nop
	through lea, {lea eax, [cs:ebx + 5]}
	through ds_same, {mov eax, [ebx + 5]}
	through es_same, {mov eax, [es:ebx + 5]}
	through ss_same, {mov eax, [ss:ebx + 5]}

section .rodata
through_count: dd ($ - through_table) / 32

section .bss align=4
	resb 16
buffer: resb 64
