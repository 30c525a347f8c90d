; SPDX-License-Identifier: BSD-2-Clause
;
; From every vector to one C function, and back (Intel SDM volume 3A, 6.12).
;
;                 what the processor pushes          what the stub adds
;       +60       SS, ESP     (from ring 3 only)
;       +40       EFLAGS, CS, EIP
;       +36       error code  (some vectors)         0 for the others
;       +32                                          vector
;        +0                                          EAX ECX EDX EBX ESP EBP ESI EDI
;
; That is struct frame of kernel.h. The segment registers are not in it: they are loaded with
; constants, by the ring of the frame's CS.

%include "kernel.inc"

VECTORS       equ 256
FRAME_VECTORS equ 8                     ; bytes of vector and error code
FRAME_CS      equ 44

extern kernel_dispatch
global kernel_stubs
global frame_resume

section .text

%macro stub 1
	align KERNEL_STUB_BYTES
%if %1 != 8 && %1 != 17 && (%1 < 10 || %1 > 14)
	push byte 0
%endif
	push dword %1
	jmp every_vector
%endmacro

align KERNEL_STUB_BYTES
kernel_stubs:
%assign vector 0
%rep VECTORS
	stub vector
%assign vector vector + 1
%endrep

every_vector:
	pusha
	cld
	mov eax, KERNEL_DS
	mov ds, eax
	mov es, eax
	push esp
	call kernel_dispatch            ; (the frame)
	add esp, 4
frame_return:
	mov eax, [esp + FRAME_CS]
	and eax, 3
	cmp eax, 3
	jne .registers
	mov eax, USER_DS
	mov ds, eax
	mov es, eax
	mov fs, eax
	mov gs, eax
.registers:
	popa
	add esp, FRAME_VECTORS
	iret

; _Noreturn void frame_resume(struct frame *frame)
frame_resume:
	mov esp, [esp + 4]
	jmp frame_return
