; SPDX-License-Identifier: BSD-2-Clause
;
; The frame around the attacks: the macros that they are written with, where they begin and where
; they end, and the table of them all.
;
; How an attack is written:
;
;       attack NAME, KIND, VECTOR
;               ...                     ; EBX is the target's linear address
;       .site:
;               one instruction         ; what must raise the exception VECTOR
;               jmp attack_succeeded
;
; It begins with flat segments, DF = 0 and a good stack, and owes nothing to anyone.

%include "constants.inc"
%include "segments.inc"

; enum attack_kind of attack.h
FAULTS   equ 0
CONFINED equ 1
ENDLESS  equ 2

; enum attack_group of attack.h: what it is that the attacks of one file go through
GROUP_MEMORY     equ 0
GROUP_SEGMENTS   equ 1
GROUP_SELECTORS  equ 2
GROUP_TRANSFERS  equ 3
GROUP_INTERRUPTS equ 4
GROUP_CONTROL    equ 5
GROUP_PORTS      equ 6
GROUP_USER       equ 7

; Exceptions (Intel SDM volume 3A, 6.3)
NO_FAULT equ 0
TRAP_DB  equ 1
FAULT_TS equ 10
FAULT_NP equ 11
FAULT_SS equ 12
FAULT_GP equ 13

; What attacks write: not to be found in the monitor's memory afterwards.
MARK equ 0x5ca1ab1e

STACK_BYTES equ 4096

EFLAGS_TF   equ 1 << 8
EFLAGS_IF   equ 1 << 9
EFLAGS_IOPL equ 3 << 12
EFLAGS_NT   equ 1 << 14
EFLAGS_VM   equ 1 << 17

; Begins an attack, and enters it into the table as a struct attack of attack.h.
%macro attack 3                         ; name, kind, vector
%defstr ATTACK_NAME %1
[section .rodata.attacks]
%%name:
	db ATTACK_NAME
	times 32 - ($ - %%name) db 0
	dd %1, %1.site, %3, %2, GROUP
__?SECT?__
%1:
%endmacro

; The same for an attack that begins in ring 3.
%macro user_attack 3
	attack %1, %2, %3
	mov esi, .user
	jmp user_enter
.user:
%endmacro

extern attack_report
global attacks
global attack_count
global attack_start
global attack_succeeded
global attack_over

section .rodata.attacks progbits alloc noexec nowrite align=4
attacks:

section .text

; _Noreturn void attack_start(uint32_t run, uint32_t target)
attack_start:
	mov eax, [esp + 4]
	mov ebx, [esp + 8]
	mov esp, stack_top
	cld
	jmp eax

attack_succeeded:
	mov edx, 1
	jmp report
attack_over:
	xor edx, edx
; An attack may have changed every segment, the stack, and the direction flag. One that ended in
; ring 3 cannot load these: it is killed here, which is as good an end as any.
report:
	mov ecx, BOOT_DS
	mov ds, ecx
	mov es, ecx
	mov ss, cx
	mov esp, stack_top
	cld
	push eax
	push edx
	call attack_report              ; never returns

%include "gdt.inc"
%define GROUP GROUP_MEMORY
%include "memory.inc"
%include "stack.inc"
%define GROUP GROUP_SEGMENTS
%include "own_segments.inc"
%define GROUP GROUP_SELECTORS
%include "selectors.inc"
%define GROUP GROUP_TRANSFERS
%include "transfers.inc"
%define GROUP GROUP_INTERRUPTS
%include "interrupts.inc"
%define GROUP GROUP_CONTROL
%include "control.inc"
%define GROUP GROUP_PORTS
%include "ports.inc"
%define GROUP GROUP_USER
%include "user.inc"

section .rodata.attacks
attacks_end:

section .rodata align=4
attack_count:
	dd (attacks_end - attacks) / 52

section .bss align=16
	resb STACK_BYTES
stack_top:
	resb STACK_BYTES
user_stack_top:
buffer:
	resb 64
