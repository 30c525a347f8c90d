; SPDX-License-Identifier: BSD-2-Clause
;
; Every instruction of x86 that shows or changes privileged state without a trap, in every form of
; its operand and in both operand sizes, once each (Robin and Irvine 2000; Intel SDM volume 2). Each
; is a probe (probe.h) that begins with known registers; the table is long, and NASM writes it.
;
; The operand in memory is at `operand`; registers lead there in all the ways of Intel SDM volume 2A,
; tables 2-1 to 2-3.

%include "probe.inc"

; Selectors of sensitives.c.
GS_OPERAND   equ KERNEL_FREE            ; 64 KiB from `operand` on
CODE_NEAR    equ KERNEL_FREE + 8        ; code from near_code on, of which 16 bits of EIP are enough
STACK_16     equ KERNEL_FREE + 16       ; a 16-bit stack
CODE_16      equ KERNEL_FREE + 24       ; 16-bit code from code_16 on
CONFORMING   equ KERNEL_FREE + 32       ; flat code, conforming

COUNT_VECTOR equ 0x61                   ; its handler returns
CPUID_HIDDEN equ 1 << 1 | 1 << 6 | 1 << 7 | 1 << 9 | 1 << 11 | 1 << 12 | 1 << 14 | 1 << 16 | \
	1 << 21 | 1 << 22 | 1 << 29     ; features that a monitor may hide

extern prepare_selector
extern prepare_data
extern prepare_far
extern prepare_far16
extern prepare_stack
global operand
global other_stack
global near_code
global near_code_end
global code_16
global code_16_end
global far_target
global sensitives_count_handler

section .bss align=65536
stack:  resb 65536                      ; it ends right below the operand
operand:
	resb 1024
	resb 1024
other_stack:
	resb 64

section .text
far_target:
	mov ecx, 0x0fa7fa7f
	over

sensitives_count_handler:
	iret

near_code:
	mov ecx, 0x0fa7fa71
	over
near_code_end:

; ---- macros ----

; name, preparation, {instructions}: one form
%macro form 3+
	probe %1, RING_0, FLAG_IF | FLAG_CF, %2
		%3
		over
%endmacro

; The operand in memory: EAX is 16 below it, EBX points to it, ECX is 1, EDX 4 below, ESI 8 below, EDI
; 16 above, EBP 32 above, ESP 4 below; GS begins 6 below, and the operand's lowest 16 bits are 0.
; name, preparation, {what is written before the operand}, {what is written behind it}
%macro memory_forms 3-4
	few_forms %1, %2, {%3}, {%4}
	form %1_eax_disp8, %2, %3 [eax + 16] %4
	form %1_ebx, %2, %3 [ebx] %4
	form %1_edi_disp32, %2, %3 [dword edi - 16] %4
	form %1_esi_disp8, %2, %3 [esi + 8] %4
	form %1_ebp_disp8, %2, %3 [ebp - 32] %4
	form %1_esp_disp8, %2, %3 [esp + 4] %4
	form %1_base_index, %2, %3 [edx + ecx * 4] %4
	form %1_index_alone, %2, %3 [operand - 4 + ecx * 4] %4
	form %1_ebp_index, %2, %3 [ebp + ecx * 4 - 36] %4
	form %1_gs_bx_si, %2, %3 [gs:bx + si + 14] %4
	form %1_gs_bp_di, %2, %3 [gs:bp + di - 42] %4
	form %1_ds_ebp, %2, %3 [ds:ebp - 32] %4
	form %1_ss_ebx, %2, %3 [ss:ebx] %4
%endmacro

; Those of which there are many: a few ways of addressing are enough.
%macro few_forms 3-4
	form %1_disp32, %2, %3 [operand] %4
	form %1_edx_disp8, %2, %3 [edx + 4] %4
	form %1_scaled, %2, %3 [ebx + ecx * 8 - 8] %4
	form %1_gs_disp16, %2, %3 [gs:word 6] %4
%endmacro

; name, {instructions}, in which REG and REG16 stand for each register but ESP
%macro each_register 2+
%assign n 0
%rep 7
%if n == 0
	%define REG eax
	%define REG16 ax
%elif n == 1
	%define REG ecx
	%define REG16 cx
%elif n == 2
	%define REG edx
	%define REG16 dx
%elif n == 3
	%define REG ebx
	%define REG16 bx
%elif n == 4
	%define REG ebp
	%define REG16 bp
%elif n == 5
	%define REG esi
	%define REG16 si
%else
	%define REG edi
	%define REG16 di
%endif
	form %1_r_%[REG], 0, %2
%undef REG                              ; it must not be expanded in the next call
%undef REG16
%assign n n + 1
%endrep
%endmacro

probes_begin
%include "tables.inc"
%include "selectors.inc"
%include "transfers.inc"
probes_end

; LAR and its kin for sensitives.c: void selector_try(uint32_t selector, struct sensitive_selector *)
global selector_try
section .text
selector_try:
	push esi
	push edi
	mov ecx, [esp + 12]
	mov edi, [esp + 16]
	xor esi, esi                    ; what was good
	xor edx, edx
	mov eax, 0xcccccccc
	lar eax, ecx
	mov [edi], eax
	setz dl
	or esi, edx
	mov eax, 0xcccccccc
	lsl eax, ecx
	mov [edi + 4], eax
	setz dl
	lea esi, [esi + edx * 2]
	verr cx
	setz dl
	lea esi, [esi + edx * 4]
	verw cx
	setz dl
	lea esi, [esi + edx * 8]
	mov ax, 0xcccc
	lar ax, cx
	mov [edi + 8], ax
	setz dl
	shl edx, 4
	or esi, edx
	xor edx, edx
	mov ax, 0xcccc
	lsl ax, cx
	mov [edi + 10], ax
	setz dl
	shl edx, 5
	or esi, edx
	mov [edi + 12], esi
	pop edi
	pop esi
	ret
