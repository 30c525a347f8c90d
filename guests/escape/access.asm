; SPDX-License-Identifier: BSD-2-Clause
;
; Accesses that may fault. The handler finds EIP between access_begin and access_end, or that it was
; a call that led nowhere, and goes on at access_failed: the return address is on the stack then.

%include "kernel.inc"

USER_DONE   equ 0x61
ATTACK_DONE equ 0x62

global access_begin
global access_end
global access_failed
global access_read
global access_write
global access_call
global access_segment
global access_cr0
global access_cr4
global attack_return
global user_reads
global user_writes
global user_calls

section .text

access_begin:
; uint32_t access_read(uint32_t address)
access_read:
	mov eax, [esp + 4]
	mov eax, [eax]
	ret

; uint32_t access_write(uint32_t address, uint32_t value)
access_write:
	mov edx, [esp + 4]
	mov ecx, [esp + 8]
	xor eax, eax
	mov [edx], ecx
	ret

; uint32_t access_segment(uint32_t selector, uint32_t offset): reads, and writes back.
access_segment:
	mov gs, [esp + 4]
	mov edx, [esp + 8]
	mov eax, [gs:edx]
	mov [gs:edx], eax
	ret

; void access_cr0(uint32_t value)
access_cr0:
	mov eax, [esp + 4]
	mov cr0, eax
	ret

; void access_cr4(uint32_t value)
access_cr4:
	mov eax, [esp + 4]
	mov cr4, eax
	ret
access_end:

; uint32_t access_call(uint32_t address)
access_call:
	xor eax, eax
	mov edx, [esp + 4]
	call edx
	ret

access_failed:
	ret

; Where an attack returns to.
attack_return:
	int ATTACK_DONE

section .user progbits alloc exec nowrite align=16

user_reads:
	mov eax, [ebx]
	int USER_DONE
user_writes:
	mov [ebx], eax
	xor eax, eax
	int USER_DONE
user_calls:
	call ebx
	int USER_DONE

; With a stack of its own: pushes EAX there, and pops it again.
global user_pushes
user_pushes:
	mov esp, ebx
	push eax
	call .deeper
	pop eax
	int USER_DONE
.deeper:
	ret

global user_raises_80
user_raises_80:
	int 0x80
	ret

; The selector EBX, the offset EAX: reads, and writes back.
global user_by_segment
user_by_segment:
	mov gs, ebx
	mov ecx, [gs:eax]
	mov [gs:eax], ecx
	mov eax, ecx
	int USER_DONE
