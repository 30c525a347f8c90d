; SPDX-License-Identifier: BSD-2-Clause
;
; The doors into the kernel, one stub for each vector that is used, and the way back.
;
; The processor has pushed (Intel SDM volume 3A, 6.12.1), where it came from ring 3 on the stack that
; the TSS names:
;       [ss  esp]  eflags  cs  eip  [error code]
; A stub makes all frames alike: with an error code and the vector. trap_all pushes the rest of
; struct trap_frame (traps.h).

KERNEL_DS          equ 0x10             ; as in gdt.h
EXCEPTIONS_AND_IRQS equ 32 + 16
VECTOR_SYSTEM_CALL equ 0x80

; The exceptions that come with an error code (SDM 3A, table 6-1).
%define HAS_ERROR_CODE(v) (v == 8 || (v >= 10 && v <= 14) || v == 17)

extern trap_handle
global trap_return
global trap_stubs
global trap_stub_system_call

section .text

%macro stub 1
stub_%1:
%if !HAS_ERROR_CODE(%1)
	push dword 0
%endif
	push dword %1
	jmp trap_all
%endmacro

%assign vector 0
%rep EXCEPTIONS_AND_IRQS
	stub vector
%assign vector vector + 1
%endrep

trap_stub_system_call:
	push dword 0
	push dword VECTOR_SYSTEM_CALL

trap_all:
	push ds
	push es
	push fs
	push gs
	pusha
	mov eax, KERNEL_DS              ; a program's segments go with its GDT: keep none of them
	mov ds, eax
	mov es, eax
	mov fs, eax
	mov gs, eax
	cld                             ; C takes that for granted
	push esp
	call trap_handle                ; (struct trap_frame *)
	add esp, 4

trap_return:
	popa
	pop gs
	pop fs
	pop es
	pop ds
	add esp, 8                      ; vector and error code
	iret

section .rodata align=4
trap_stubs:
%assign vector 0
%rep EXCEPTIONS_AND_IRQS
	dd stub_%+vector
%assign vector vector + 1
%endrep
