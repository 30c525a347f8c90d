; SPDX-License-Identifier: BSD-2-Clause
;
; The doors into the kernel, one stub for each vector that is used, and the way back.
;
; The processor has pushed (Intel SDM volume 3A, 6.12.1), where it came from ring 3 on the stack that
; the TSS names:
;       [ss  esp]  eflags  cs  eip  [error code]
; A stub makes all frames alike: with an error code and the vector. trap_all pushes the rest of
; struct trap_frame (traps.h).
;
; With QUIET no segment register is read, because that would show in which ring the kernel runs.
; Instead DS, ES, FS and GS are the same in the kernel and in programs: USER_DS, which is flat and may
; be used in any ring. So it does not matter which ring is returned to, nor whether an interrupt comes
; in the middle of that. A program that had loaded something else loses it.

KERNEL_DS          equ 0x10             ; as in gdt.h
USER_DS            equ 0x20 | 3
EXCEPTIONS_AND_IRQS equ 32 + 16
VECTOR_SYSTEM_CALL equ 0x80

; Where EFLAGS is in struct trap_frame
FRAME_EFLAGS       equ 64

; The exceptions that come with an error code (SDM 3A, table 6-1).
%define HAS_ERROR_CODE(v) (v == 8 || (v >= 10 && v <= 14) || v == 17)

extern trap_handle
global trap_return
global trap_resume
global trap_stubs
global trap_stub_system_call

%ifdef QUIET

EFLAGS_IF          equ 0x200

global interrupts_on                    ; cpu.h

section .bss
interrupts_on:
	resb 1

TRAP_DS            equ USER_DS

%macro segments_save 0
	times 4 push dword USER_DS
%endmacro

; The frame lies at ESP. If interrupts are on, so they are in the frame, and the variable is right.
%macro interrupts_return 0
	test dword [esp + FRAME_EFLAGS], EFLAGS_IF
	setnz [interrupts_on]
%endmacro

%else

TRAP_DS            equ KERNEL_DS

%macro segments_save 0
	push ds
	push es
	push fs
	push gs
%endmacro

%macro interrupts_return 0
%endmacro

%endif

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
	segments_save
	pusha
	mov eax, TRAP_DS                ; a program may have put anything there
	mov ds, eax
	mov es, eax
	mov fs, eax
	mov gs, eax
	cld                             ; C takes that for granted
	push esp
	call trap_handle                ; (struct trap_frame *)
	add esp, 4

trap_return:
	interrupts_return
	popa
	pop gs
	pop fs
	pop es
	pop ds
	add esp, 8                      ; vector and error code
	iret

; _Noreturn void trap_resume(struct trap_frame *)
trap_resume:
	mov esp, [esp + 4]
	jmp trap_return

section .rodata align=4
trap_stubs:
%assign vector 0
%rep EXCEPTIONS_AND_IRQS
	dd stub_%+vector
%assign vector vector + 1
%endrep
