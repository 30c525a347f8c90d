; SPDX-License-Identifier: BSD-2-Clause
;
; Operations whose cost is measured from outside (operations.inc): sensitive instructions, code that
; is new, writes beside code.

%include "kernel.inc"
%define OPERATIONS_OF patchcosts
%include "operations.inc"

LOOPS    equ 20000
FUNCTION equ 1500                       ; instructions of a page of code
BESIDE   equ 4000                       ; in that page, behind the code
PAGE     equ 4096

extern patchcosts_pages
extern patchcosts_user_stack
global patchcosts_run
global patchcosts_loop
global patchcosts_loop_begin
global patchcosts_loop_end
global patchcosts_back
global patchcosts_user
global patchcosts_data
global patchcosts_function
global patchcosts_function_end

section .text

; void patchcosts_run(void)
patchcosts_run:
	push ebx
	push esi
	push edi
	push ebp
	xor ebx, ebx                    ; the round
patchcosts_round:
	mov esi, ebx
	shl esi, 12
	add esi, patchcosts_pages       ; its page of code

	operation nothing, "JMP alone", nop, nop, nop
	operation pushf_cli_popf, "PUSHF, CLI, POPF, JMP", pushf, cli, popf
	operation pushf, "PUSHF, and three that are harmless", pushf, nop, nop
	pop eax
	operation sti, "STI, and three that are harmless", sti, nop, nop
	operation cli, "CLI, and three that are harmless", cli, nop, nop
	operation mov_cs, "MOV EAX,CS, and two that are harmless", {mov eax, cs}, nop
	operation push_cs, "PUSH CS, and three that are harmless", push cs, nop, nop
	pop eax
	operation smsw, "SMSW EAX, and one that is harmless", {smsw eax}
	operation sgdt, "SGDT, and one that is harmless", {sgdt [gdtr]}

	mov ebp, esp
	sti
	push dword USER_DS
	push dword patchcosts_user_stack + PAGE
	pushf
	push dword USER_CS
	push dword patchcosts_user
	operation_to iret, patchcosts_user, "IRET to ring 3, behind a MOV"
	mov eax, 1
	iret
patchcosts_back:                        ; INT 80h of patchcosts_user
	mov esp, ebp
	mov eax, KERNEL_DS              ; IRET has cleared them
	mov ds, eax
	mov es, eax

	operation first_call, "a function of 1500 instructions, new", {call esi}
	operation next_call, "the same function again", {call esi}
	mov al, 0x90
	operation beside, "a write beside code", {mov [esi + BESIDE], al}
	operation beside_again, "once more", {mov [esi + BESIDE], al}
	operation call_beside, "and the function again", {call esi}
	mov al, 0x90
	operation into, "a write into code", {mov [esi], al}
	operation after_write, "and the function, which is new", {call esi}

	inc ebx
	cmp ebx, OPERATION_ROUNDS
	jb near patchcosts_round
	pop ebp
	pop edi
	pop esi
	pop ebx
	ret

; Data among code: no one runs it.
patchcosts_data:
	db 0x9c, 0xfa, 0x9d, 0xc3

; void patchcosts_loop(void): LOOPS rounds without a sensitive instruction.
patchcosts_loop:
	mov ecx, LOOPS
	xor eax, eax
	jmp short patchcosts_loop_begin
patchcosts_loop_begin:
	add eax, ecx
	rol eax, 5
	push eax
	xor eax, [esp]
	pop edx
	call patchcosts_add
	dec ecx
	jnz patchcosts_loop_begin
	jmp short patchcosts_loop_end
patchcosts_loop_end:
	ret
patchcosts_add:
	add eax, edx
	ret

; What is copied into each page of code.
patchcosts_function:
%rep FUNCTION - 1
	inc eax
%endrep
	ret
patchcosts_function_end:

section .user
patchcosts_user:
	int 0x80

operations_over

section .bss align=4
gdtr:	resd 2
