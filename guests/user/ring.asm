; SPDX-License-Identifier: BSD-2-Clause
;
; The way down to ring 3, and the program there.
;
; A processor goes to an outer ring only by a return (Intel SDM volume 3A, 5.8.6; volume 2A, IRET):
; the kernel makes the stack look as if an interrupt had come from ring 3.

%include "segments.inc"

USER_CS equ 0x18 | 3
USER_DS equ 0x20 | 3

STACK_BYTES equ 4096
STEPS_MAX   equ 1000                    ; the seed may be such that the sequence overflows

extern user_seed
extern user_result
global user_enter
global user_entry
global user_done

section .text

; _Noreturn void user_enter(void)
user_enter:
	lgdt [gdt_pointer]
	mov eax, USER_DS
	mov ds, eax
	mov es, eax
	mov fs, eax
	mov gs, eax
	push eax                        ; SS
	push dword user_stack_top       ; ESP
	pushf                           ; EFLAGS: interrupts stay as they are
	push dword USER_CS              ; CS
	push dword user_entry           ; EIP
	iret

; In ring 3. n is halved where it is even, else it becomes 3n + 1, until it is 1.
user_entry:
	mov eax, [user_seed]
	xor ecx, ecx
.step:
	cmp eax, 1
	jbe .store
	cmp ecx, STEPS_MAX
	je .store
	inc ecx
	test al, 1
	jnz .odd
	shr eax, 1
	jmp .step
.odd:
	lea eax, [eax + eax * 2 + 1]
	jmp .step
.store:
	push ecx                        ; the user's stack must work too
	pop dword [user_result]
user_done:
	jmp user_done

section .data align=8
gdt:
	dq 0
	descriptor 0, LIMIT_MAX, ACCESS_CODE, FLAT              ; 0x08
	descriptor 0, LIMIT_MAX, ACCESS_DATA, FLAT              ; 0x10
	descriptor 0, LIMIT_MAX, ACCESS_CODE | DPL(3), FLAT     ; 0x18
	descriptor 0, LIMIT_MAX, ACCESS_DATA | DPL(3), FLAT     ; 0x20
gdt_end:

gdt_pointer:
	dw gdt_end - gdt - 1
	dd gdt

section .bss align=16
	resb STACK_BYTES
user_stack_top:
