; SPDX-License-Identifier: BSD-2-Clause
;
; Leaps: control flow that no scan of the code can foresee, to and from instructions that a monitor
; has to replace. Whoever puts something else into the place of an instruction must know every way
; to it: the straight one, branches, computed ones, and those that begin inside what was an
; instruction a moment before. x86's instructions have no alignment, so every byte may be a
; beginning (Intel SDM volume 2A, 2.1).
;
; Each probe (probe.h) ends with what it saw in its registers.

%include "probe.inc"

COUNT_VECTOR equ 0x61                   ; leaps.c: its handler counts, and returns
BACK_VECTOR  equ 0x62                   ; leaps.c: from ring 3, to ESI
PAGE         equ 4096
WINDOW       equ 0x00401000             ; with paging: one page, with none before and behind it
NO_SELECTOR  equ 0x0ff8                 ; beyond the GDT
SMALL_DATA   equ KERNEL_FREE            ; leaps.c: a data segment of 16 bytes, at `operand`

extern leaps_paged
extern leaps_skips
extern leaps_operand

global leaps_count
global leaps_count_handler
global leaps_skip_handler
global leaps_skip_error_handler
global leaps_skip_bytes
global leaps_back_handler
global leaps_fault_eips
global leaps_fault_count

; The next instruction begins so many bytes before the end of a page. What was left of the page is
; never run.
%macro page_end 1
	times (PAGE - %1 - (($ - $$) & (PAGE - 1))) & (PAGE - 1) nop
%endmacro

; What most probes look at: EFLAGS in EDX.
%macro look 0
	pushf
	pop edx
%endmacro

%define operand leaps_operand

section .text
	align PAGE

; The handler of COUNT_VECTOR, and of #BP where a probe asks for it.
leaps_count_handler:
	inc dword [leaps_count]
	iret

; Handlers that note where an instruction faulted and go on behind it: without and with an error
; code.
leaps_skip_error_handler:
	add esp, 4
leaps_skip_handler:
	push eax
	push ecx
	mov ecx, [leaps_fault_count]
	and ecx, FAULTS_MAX - 1
	mov eax, [esp + 8]
	mov [leaps_fault_eips + ecx * 4], eax
	inc dword [leaps_fault_count]
	add eax, [leaps_skip_bytes]
	mov [esp + 8], eax
	pop ecx
	pop eax
	iret

FAULTS_MAX equ 256

section .bss align=16
leaps_count:       resd 1
leaps_skip_bytes:  resd 1
leaps_fault_count: resd 1
leaps_fault_eips:  resd FAULTS_MAX

probes_begin
%include "computed.inc"
%include "middle.inc"
%include "runs.inc"
%include "loops.inc"
%include "returns.inc"
%include "pages.inc"
%include "invalid.inc"
%include "faults.inc"
probes_end
