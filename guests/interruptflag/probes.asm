; SPDX-License-Identifier: BSD-2-Clause
;
; Where does the interrupt come in? Each probe has a request that waits. The frame's EIP says behind
; which instruction it was taken. In a probe that ends with INT PROBE_END it was not.

%include "probe.inc"

UART_IER equ 0x3f9
IER_THRE equ 2
PIC_DATA equ 0x21
IRQ_BIT  equ 1 << 4

extern interruptflag_request
extern interruptflag_request_masked

%define REQUEST interruptflag_request
%define MASKED  interruptflag_request_masked

probes_begin

	probe off, RING_0, 0, REQUEST
		nop
		nop
		over
	probe on_from_the_start, RING_0, FLAG_IF, REQUEST
		inc eax
		inc eax
		over
	probe on_from_the_start_user, RING_3, FLAG_IF, REQUEST
		inc eax
		inc eax
		over
	probe off_user, RING_3, 0, REQUEST
		inc eax
		over

; ---- STI, and the one instruction behind it ----

	probe sti, RING_0, 0, REQUEST
		sti
		inc eax
		inc eax
		over
	probe sti_when_on, RING_0, FLAG_IF, MASKED
		sti
		mov al, ~IRQ_BIT
		out PIC_DATA, al
		inc eax
		inc eax
		over
	probe sti_sti, RING_0, 0, REQUEST
		sti
		sti
		inc eax
		inc eax
		over
	probe sti_cli, RING_0, 0, REQUEST
		sti
		cli
		inc eax
		over
	probe sti_branch, RING_0, 0, REQUEST
		sti
		jmp short .there
		inc eax
.there:
		inc eax
		over
	probe sti_out, RING_0, 0, REQUEST
		sti
		out 0x80, al
		inc eax
		over
	probe sti_mov_cr, RING_0, 0, REQUEST
		sti
		mov ebx, cr0
		inc eax
		over
	probe sti_hlt, RING_0, 0, REQUEST
		sti
		hlt
		inc eax
		over
	probe sti_ret, RING_0, 0, REQUEST
		push dword .back
		sti
		ret
.back:
		inc eax
		over
	probe sti_int, RING_0, 0, REQUEST
		sti
		int PROBE_END
	probe sti_fault, RING_0, 0, REQUEST
		sti
		ud2
	probe sti_iopl_3_user, RING_3, FLAG_IOPL(3), REQUEST
		sti
		inc eax
		inc eax
		over
	probe cli_iopl_3_user, RING_3, FLAG_IF | FLAG_IOPL(3), MASKED
		cli
		mov al, ~IRQ_BIT
		out PIC_DATA, al
		inc eax
		over

; ---- MOV SS, POP SS, LSS ----

	probe mov_ss, RING_0, FLAG_IF, MASKED
		mov eax, KERNEL_DS
		mov ss, eax
		inc eax
		over
	probe sti_nop_mov_ss, RING_0, 0, REQUEST
		mov ecx, KERNEL_DS
		sti
		nop
		mov ss, ecx
		inc eax
		over

; ---- the request comes while interrupts are on ----

	probe unmasked, RING_0, FLAG_IF, MASKED
		mov al, ~IRQ_BIT
		out PIC_DATA, al
		inc eax
		inc eax
		over
	probe unmasked_when_off, RING_0, 0, MASKED
		mov al, ~IRQ_BIT
		out PIC_DATA, al
		inc eax
		sti
		inc eax
		inc eax
		over
	probe requested, RING_0, FLAG_IF, 0
		mov edx, UART_IER
		mov al, IER_THRE
		out dx, al
		inc eax
		inc eax
		over
	probe requested_user, RING_3, FLAG_IF | FLAG_IOPL(3), 0
		mov edx, UART_IER
		mov al, IER_THRE
		out dx, al
		inc eax
		inc eax
		over
	probe masked, RING_0, FLAG_IF, MASKED
		inc eax
		inc eax
		over

; ---- IRET brings IF ----

	probe iret_on, RING_0, 0, REQUEST
		push dword FLAG_IF
		push dword KERNEL_CS
		push dword .there
		iret
.there:
		inc eax
		over
	probe iret_on_user, RING_0, 0, REQUEST
		push dword USER_DS
		push dword stack_top
		push dword FLAG_IF
		push dword USER_CS
		push dword probe_off_user
		iret
	probe iret_off, RING_0, FLAG_IF, MASKED
		push dword 0
		push dword KERNEL_CS
		push dword .there
		iret
.there:
		mov al, ~IRQ_BIT
		out PIC_DATA, al
		inc eax
		over

; ---- single steps ----

	probe step_and_request, RING_0, FLAG_TF, REQUEST
		sti
		inc eax
		inc eax
		over

probes_end

section .bss align=4
buffer:    resd 16
	resb 512
stack_top:
