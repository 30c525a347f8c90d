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
	; YOUR CODE HERE
	operation PAL_VERSION
	        mov eax, PAL_OF_MONITOR + PAL_OPERATIONS
	        ret
	operation_of_monitor PAL_FLAGS
	; YOUR CODE HERE: which operations need no monitor?
	operation PAL_OPERATIONS
