; SPDX-License-Identifier: BSD-2-Clause
;
; One stub for each vector: the start of the only path by which a trap enters the monitor.
;
; The processor has pushed (SDM 3A 6.12.1), from an outer ring on the stack that the TSS names:
;       ss  esp  eflags  cs  eip  [error code]
; A stub makes every frame alike, with an error code and the number of the vector:
;       ss  esp  eflags  cs  eip  error_code  vector
; A trap out of a guest goes on at world_exit (lab 1). A trap out of ring 0 is the monitor's
; own mistake: the processor has pushed no SS and ESP then, and monitor_fault() reports it.

%include "constants.inc"
%include "unwind.inc"

extern world_exit
extern monitor_fault
extern double_fault_report
extern organ_unwritten
extern monitor_stack_top
extern tss
extern door_start
extern door_length
global stub_table
global double_fault_task
global machine_idle
global exit_unwritten
global fault_stack_top

; The vectors whose exceptions come with an error code (SDM 3A table 6-1).
%define HAS_ERROR_CODE(v) (v == 8 || (v >= 10 && v <= 14) || v == 17)

section .text

%assign vector 0
%rep VECTORS
stub %+ vector:
%if !HAS_ERROR_CODE(vector)
	push dword 0
%endif
	push dword vector
	jmp trap
%assign vector vector + 1
%endrep

trap:
	test byte [esp + 12], 3         ; the ring that CS was in
	jnz world_exit
.from_ring_0:
	cmp dword [esp + 8], machine_idle.halted
	je idle_over
.not_idle:
	; No way back. Whatever the segments and the stack were, C gets its own.
	mov ecx, esp
.frame_found:
	mov eax, MONITOR_DS
	mov ds, eax
	mov es, eax
	mov esp, fault_stack_top
	push ecx
.frame_pushed:
	cld
	call monitor_fault              ; (struct monitor_frame *), never returns
	hlt                             ; the return address belongs to this code, for debuggers

; uint32_t machine_idle(void): the one place where the monitor lets an interrupt come. STI holds it back
; until HLT has begun, so it always finds EIP behind HLT. The interrupt's frame is thrown away, and what
; is left on the stack is the way back to the caller.
machine_idle:
	sti
	hlt
.halted:
	ud2                             ; no one comes here
idle_over:
	; vector  error_code  eip  cs  eflags  return address
	mov eax, [esp]
	add esp, 20
	ret                             ; the gate has turned interrupts off

; A double fault arrives through a task gate, so that a ruined stack does not matter: this is
; a task of its own, with registers of its own (SDM 3A 7.3).
double_fault_task:
	cld
	call double_fault_report        ; never returns

; Where the skeleton's world_exit ends: a guest's segments are still loaded, and C needs flat
; ones to say so.
exit_unwritten:
	mov ax, MONITOR_DS
	mov ds, ax
	mov es, ax
	mov esp, monitor_stack_top
	push dword .name
	call organ_unwritten            ; never returns
.name:
	db "world_exit", 0
.end:

section .rodata align=4
stub_table:
%assign vector 0
%rep VECTORS
	dd stub %+ vector
%assign vector vector + 1
%endrep

section .bss align=16
	resb 4096                       ; for what reports the monitor's own faults
fault_stack_top:

; For debuggers: how to find the caller of the code above, and of enter.asm (monitor.ld says
; where that is).
section .debug_frame progbits noalloc noexec nowrite align=4
	UNWIND_COMMON
	UNWIND_TO_GUEST stub0, trap.from_ring_0 - stub0
	UNWIND_TO_GUEST exit_unwritten, exit_unwritten.end - exit_unwritten
	UNWIND_TO_GUEST door_start, door_length

	; A trap out of ring 0 found: eflags  cs  eip  error_code  vector   <- ESP, then ECX, and then
	; the doubleword at ESP says where that is.
	UNWIND_BEGIN trap.not_idle, machine_idle - trap.not_idle
	db DW_CFA_def_cfa, DW_ESP, 20
	db DW_CFA_offset + DW_EFLAGS, 1, DW_CFA_offset + DW_EIP, 3
	db DW_CFA_undefined, DW_EAX, DW_CFA_undefined, DW_ECX
	db DW_CFA_advance_loc1, trap.frame_found - trap.not_idle
	db DW_CFA_def_cfa, DW_ECX, 20
	db DW_CFA_advance_loc1, trap.frame_pushed - trap.frame_found
	DW_BEGIN DW_CFA_def_cfa_expression
	DW_REGISTER DW_ESP
	db DW_OP_deref, DW_OP_plus_uconst, 20
	DW_END
	UNWIND_END
