; SPDX-License-Identifier: BSD-2-Clause
;
; The frame around the attacks: the macros that they are written with, where they begin and where
; they end, and the table of them all.
;
; How an attack is written:
;
;       attack NAME, KIND
;               ...                     ; EBX is the target's linear address, EBP a random number
;               jmp attack_over         ; or attack_succeeded, where that must not be reached
;
; It begins with the good tables of tables.inc in force, interrupts off, every exception leading to
; attack_over, the 8259s at IRQ_BASE with all masked, DF = 0 and a good stack. It owes nothing to anyone.

%include "constants.inc"
%include "segments.inc"

; enum rogue_kind of rogue.h
ENDS     equ 0
CONFINED equ 1
ENDLESS  equ 2

; enum rogue_group of rogue.h
GROUP_NONE      equ 0
GROUP_STORMS    equ 1
GROUP_GATES     equ 2
GROUP_OPEN      equ 3
GROUP_TABLES    equ 4
GROUP_REGISTERS equ 5
GROUP_LOCAL     equ 6
GROUP_INNER     equ 7
GROUP_FRAMES    equ 8
GROUP_RETURNS   equ 9
GROUP_CONTROL   equ 10
GROUP_DEVICES   equ 11
GROUP_TRACED    equ 12

MEMORY_END equ 0x200000                 ; of a guest with mem=2
SCREEN     equ 0xb8000
BELOW      equ 0x4000                   ; memory under the boot loader's, for what may be lost
MARK       equ 0x5ca1ab1e               ; what attacks write

EFLAGS_FIXED equ 1 << 1
EFLAGS_TF    equ 1 << 8
EFLAGS_IF    equ 1 << 9
EFLAGS_IOPL  equ 3 << 12
EFLAGS_NT    equ 1 << 14
EFLAGS_VM    equ 1 << 17
EFLAGS_USER  equ EFLAGS_FIXED | EFLAGS_IF

; Begins an attack, and enters it into the table as a struct rogue_attack of rogue.h.
%macro attack 2                         ; name, kind
%defstr ATTACK_NAME %1
[section .rodata.attacks]
%%name:
	db ATTACK_NAME
	times 32 - ($ - %%name) db 0
	dd %1, %2, GROUP
__?SECT?__
%1:
%endmacro

; The same for one that begins in ring 3, with interrupts on.
%macro user_attack 2
	attack %1, %2
	mov esi, .user
	jmp user_enter
.user:
%endmacro

; A byte for a port: out_byte PORT, VALUE
%macro out_byte 2
	mov edx, %1
	mov al, %2
	out dx, al
%endmacro

extern rogue_report
global rogue_attacks
global rogue_attack_count
global rogue_start
global rogue_attack
global rogue_succeeded
global rogue_over
global rogue_behave

section .rodata.attacks progbits alloc noexec nowrite align=4
rogue_attacks:

section .text

%define GROUP GROUP_NONE
%include "tables.inc"
%include "behave.inc"

section .text

; _Noreturn void rogue_start(uint32_t run, uint32_t target, uint32_t seed)
rogue_start:
	call tables_load
	call devices_quiet
	mov eax, [esp + 4]
	mov ebx, [esp + 8]
	mov ebp, [esp + 12]
	mov esp, stack_top
	cld
rogue_attack:
	jmp eax

attack_succeeded:
rogue_succeeded:
	mov edx, 1
	jmp report
attack_over:
rogue_over:
	xor edx, edx
; An attack may have changed every segment, the stack and the tables. One that cannot load these any
; more is killed here, which is as good an end as any.
report:
	cli
	mov ecx, OWN_DS
	mov ds, ecx
	mov es, ecx
	mov ss, ecx
	mov esp, stack_top
	cld
	push eax
	push edx
	call rogue_report               ; never returns

%define GROUP GROUP_STORMS
%include "storms.inc"
%define GROUP GROUP_GATES
%include "gates.inc"
%define GROUP GROUP_TABLES
%include "segments_own.inc"
%define GROUP GROUP_FRAMES
%include "stacks.inc"
%define GROUP GROUP_CONTROL
%include "control.inc"
%define GROUP GROUP_DEVICES
%include "devices.inc"
%define GROUP GROUP_TRACED
%include "traced.inc"

section .rodata.attacks
rogue_attacks_end:

section .rodata align=4
rogue_attack_count:
	dd (rogue_attacks_end - rogue_attacks) / 44

section .bss align=4096
stack:
	resb 4096
stack_top:
user_stack:
	resb 4096
user_stack_top:
kernel_stack:
	resb 4096
kernel_stack_top:
buffer:                                 ; a page that is nobody's
	resb 4096
