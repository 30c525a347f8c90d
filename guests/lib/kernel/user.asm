; SPDX-License-Identifier: BSD-2-Clause
;
; Runs a frame, in ring 3 or in ring 0, and comes back to the caller, as if it were a function.
;
; The way there is IRET. The way back is through some handler, on whatever stack: user_leave() takes
; up the stack where frame_run() left it.

%include "kernel.inc"

extern frame_resume
global frame_run
global user_leave

section .text

; uint32_t frame_run(struct frame *frame)
frame_run:
	mov eax, [esp + 4]
	push ebx
	push esi
	push edi
	push ebp
	push dword [caller_esp]         ; one frame_run() inside another: this caller comes back first
	mov [caller_esp], esp
	push eax
	call frame_resume               ; (frame); does not return

; _Noreturn void user_leave(uint32_t value)
user_leave:
	mov eax, [esp + 4]
	mov ecx, KERNEL_DS
	mov fs, ecx
	mov gs, ecx
	mov ss, ecx
	mov esp, [caller_esp]
	pop dword [caller_esp]
	pop ebp
	pop edi
	pop esi
	pop ebx
	ret

section .bss align=4
caller_esp: resd 1
