; SPDX-License-Identifier: BSD-2-Clause
;
; Code that may go wrong, and how to come back from it; and a critical section.

%include "kernel.inc"

global try_call
global try_back
global try_faults
global critical
global critical_run
global critical_end

section .text

; uint32_t try_call(uint32_t code, uint32_t argument): an exception comes back by try_back.
try_call:
	mov eax, [esp + 4]
	mov ecx, [esp + 8]
	pusha
	mov [kept], esp
	mov esp, stack_end - 1024
	push ecx
	call eax
	jmp short try_end

; An exception's handler makes this its frame's EIP, with the value in EAX.
try_back:
	inc dword [try_faults]
try_end:
	cli
	cld
	mov esp, [kept]
	mov ecx, KERNEL_DS
	mov ds, ecx
	mov es, ecx
	mov ss, ecx
	mov [answer], eax
	popa
	mov eax, [answer]
	ret

; uint32_t critical(uint32_t times): EFLAGS with IF, and without, into a sum.
critical:
	mov ecx, [esp + 4]
	xor edx, edx
	push dword 0x202
	popf
.again:
	call critical_run
	dec ecx
	jnz .again
	mov eax, edx
	ret

; The run that becomes hot. EDX = EDX rotated by one, and EFLAGS added, twice; but for the status
; flags.
critical_run:
	pushf
	cli
	pushf
	pop eax
	pop ebx
	push ebx
	and ebx, 0x202
	and eax, 0x202
	rol edx, 1
	add edx, ebx
	rol edx, 1
	add edx, eax
	popf
	ret
critical_end:

section .bss align=4096
	resb 8192
stack_end:
	resb 1024
kept:       resd 1
answer:     resd 1
try_faults: resd 1
