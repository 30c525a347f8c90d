; SPDX-License-Identifier: BSD-2-Clause
;
; Lab 5, firmware.asm: what takes the place of a guest's firmware.
;
; pal.h says what each operation does, hypercall.h which ones need the monitor. It runs in ring 1,
; in the guest: its stack is the guest's, DS is flat.

%include "constants.inc"

DELTA   equ PAL_DATA + SHARED_DELTA     ; 0, or IF_CLEAR
WAITING equ PAL_DATA + SHARED_WAITING
IF_CLEAR equ -0x200

; Operation number %1 begins here.
%macro operation 1
	times (%1) * PAL_SLOT - ($ - firmware) int3
%endmacro

; Operation number %1 is the monitor's.
%macro operation_of_monitor 1
	operation %1
	mov eax, %1
	int HYPERCALL_VECTOR
	ret
%endmacro

section .rodata

global firmware
firmware:
	operation PAL_VERSION
	mov eax, PAL_OF_MONITOR + PAL_OPERATIONS
	ret

	; YOUR CODE HERE
	operation_of_monitor PAL_FLAGS
	operation_of_monitor PAL_SET_FLAGS
	operation_of_monitor PAL_MASK
	operation_of_monitor PAL_UNMASK

	operation_of_monitor PAL_HALT
	operation_of_monitor PAL_SET_CR3
	operation_of_monitor PAL_INVALIDATE
	operation_of_monitor PAL_UPDATE
	operation_of_monitor PAL_TIME
	operation_of_monitor PAL_CONSOLE
	operation PAL_OPERATIONS            ; the end
