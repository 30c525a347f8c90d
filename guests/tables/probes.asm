; SPDX-License-Identifier: BSD-2-Clause
;
; What a table holds shows when it is used: a segment with a base is read through, a gate leads to
; the stub of one vector or of another, a frame lies where ESP0 was.

%include "probe.inc"

; tables.h
DATA_0     equ KERNEL_FREE + 0x00
DATA_3     equ KERNEL_FREE + 0x0b
LDT        equ KERNEL_FREE + 0x10
OTHER_LDT  equ KERNEL_FREE + 0x18
OTHER_TSS  equ KERNEL_FREE + 0x20
ABSENT_LDT equ KERNEL_FREE + 0x28
ABSENT_TSS equ KERNEL_FREE + 0x30
CODE_3     equ KERNEL_FREE + 0x38
TRAP_STACK_SIZE equ 8192
TSS_ESP0   equ 4
TSS_SS0    equ 8
MOVED      equ 0x70
%define LOCAL(n) ((n) << 3 | 4)

extern tables_gdtr, tables_idtr, tables_other_gdtr, tables_other_idtr
extern prepare_ldt, prepare_other_ldt, prepare_no_ldt, prepare_short_ldt, prepare_ldt_entry
extern prepare_ldt_entry_gone, prepare_ldt_descriptor
extern prepare_gdt_entry, prepare_gdt_byte, prepare_gdt_dpl, prepare_gdt_absent, prepare_gdt_moved
extern prepare_gdt_moved_and_written, prepare_gdt_short, prepare_gdt_old_written
extern prepare_idt_entry, prepare_idt_byte, prepare_idt_dpl, prepare_idt_trap_gate
extern prepare_idt_trap_gate_closed, prepare_idt_moved, prepare_idt_moved_and_written, prepare_idt_short
extern prepare_esp0, prepare_esp0_trap_gate, prepare_esp0_bytes, prepare_other_tss
extern prepare_tss_descriptor, prepare_tss_loaded_twice
extern prepare_ss0_null, prepare_ss0_null_3, prepare_ss0_beyond, prepare_ss0_local, prepare_ss0_rpl_3
extern prepare_ss0_dpl_3, prepare_ss0_user, prepare_ss0_code, prepare_ss0_system, prepare_ss0_read_only
extern prepare_ss0_absent, prepare_ss0_null_trap_gate, prepare_esp0_without_room
extern kernel_tss, kernel_trap_stack
global stack_mend_ts, stack_mend_ss

; What is in a segment: both name, preparation, selector
%macro look 3
	both %1, 0, %2, lines {mov ecx, %3}, {mov fs, ecx}, {mov edx, [fs:0]}
%endmacro

%macro gate 2
	both %1, 0, %2, int MOVED
%endmacro

%define LOOK lines {mov ecx, DATA_3}, {mov fs, ecx}, {mov edx, [fs:0]}

probes_begin

; ---- LGDT and LIDT in their forms ----

	probe lgdt, RING_0, FLAG_STATUS
		lgdt [tables_other_gdtr]
		LOOK
		over
	probe lgdt_base_index, RING_0, FLAG_STATUS
		mov ebx, tables_other_gdtr - 12
		mov esi, 3
		lgdt [ebx + esi * 4]
		LOOK
		over
	probe lgdt_stack, RING_0, FLAG_STATUS
		push dword [tables_other_gdtr + 2]
		push word [tables_other_gdtr]
		lgdt [esp]
		LOOK
		over
	probe lgdt_operand_size, RING_0, FLAG_STATUS
		mov eax, [tables_other_gdtr + 2]
		or eax, 0x5a000000
		push eax
		push word [tables_other_gdtr]
		o16 lgdt [esp]
		LOOK
		over
	probe lidt, RING_0, FLAG_STATUS
		lidt [tables_other_idtr]
		int MOVED
		over
	probe lidt_ebp, RING_0, FLAG_STATUS
		mov ebp, tables_other_idtr - 127
		lidt [ebp + 127]
		int MOVED
		over
	probe lidt_operand_size, RING_0, FLAG_STATUS
		mov eax, [tables_other_idtr + 2]
		or eax, 0xff000000
		push eax
		push word [tables_other_idtr]
		o16 lidt [esp]
		int MOVED
		over
	probe lgdt_segment, RING_0, 0
		mov ecx, KERNEL_DS
		mov es, ecx
		mov edi, tables_other_gdtr
		lgdt [es:edi]
		LOOK
		over
	probe lgdt_limit, RING_0, 0
		mov ecx, DATA_0
		mov fs, ecx
		lgdt [fs:0]
		over
	probe lidt_null, RING_0, 0
		xor ecx, ecx
		mov gs, ecx
		lidt [gs:0]
		over
	probe lidt_code_segment, RING_0, 0
		lidt [cs:tables_other_idtr]
		int MOVED

; ---- the GDT moved, cut, written ----

	look gdt, 0, DATA_3
	look gdt_kernel, 0, DATA_0
	look gdt_entry, prepare_gdt_entry, DATA_3
	look gdt_byte, prepare_gdt_byte, DATA_3
	look gdt_dpl, prepare_gdt_dpl, DATA_3
	look gdt_absent, prepare_gdt_absent, DATA_3
	look gdt_moved, prepare_gdt_moved, DATA_3
	look gdt_moved_and_written, prepare_gdt_moved_and_written, DATA_3
	look gdt_short, prepare_gdt_short, DATA_3
	look gdt_old_written, prepare_gdt_old_written, DATA_3

; ---- the LDT ----

	look ldt, prepare_ldt, LOCAL(1) | 3
	look ldt_rpl_0, prepare_ldt, LOCAL(1)
	look ldt_kernel, prepare_ldt, LOCAL(4)
	look ldt_empty_entry, prepare_ldt, LOCAL(0)
	look ldt_beyond, prepare_ldt, LOCAL(8)
	look ldt_other, prepare_other_ldt, LOCAL(1) | 3
	look ldt_none, prepare_no_ldt, LOCAL(1) | 3
	look ldt_short, prepare_short_ldt, LOCAL(1) | 3
	look ldt_entry, prepare_ldt_entry, LOCAL(1) | 3
	look ldt_entry_gone, prepare_ldt_entry_gone, LOCAL(1) | 3
	look ldt_descriptor, prepare_ldt_descriptor, LOCAL(1) | 3
	probe ldt_code, RING_0, 0, prepare_ldt
		push dword LOCAL(3) | 3
		push dword user_stack
		push dword 0
		push dword LOCAL(2) | 3
		push dword ldt_user
		iret
	probe ldt_code_int, RING_0, 0, prepare_ldt
		push dword LOCAL(3) | 3
		push dword user_stack
		push dword FLAG_IF
		push dword LOCAL(2) | 3
		push dword ldt_user_int
		iret
	probe ldt_jump_user, RING_3, 0, prepare_ldt
		jmp (LOCAL(2) | 3):ldt_user

section .user
ldt_user:
	push eax
	pop ebx
	mov ecx, LOCAL(1) | 3
	mov ds, ecx
	mov edx, [0]
	over
ldt_user_int:
	int MOVED

section .text
	probe lldt_memory, RING_0, FLAG_STATUS
		lldt [selectors.ldt]
		mov ecx, LOCAL(1)
		mov fs, ecx
		mov edx, [fs:0]
		over
	probe lldt_rpl, RING_0, 0
		mov ecx, LDT | 3
		lldt cx
		mov ecx, LOCAL(1)
		mov fs, ecx
		mov edx, [fs:0]
		over
	probe lldt_high_half, RING_0, 0
		mov ecx, 0xabcd0000 | LDT
		db 0x0f, 0x00, 0xd1
		mov ecx, LOCAL(1)
		mov fs, ecx
		mov edx, [fs:0]
		over
	probe lldt_null, RING_0, 0, prepare_ldt
		xor ecx, ecx
		lldt cx
		mov ecx, LOCAL(1)
		mov fs, ecx
		over
	probe lldt_local, RING_0, 0, prepare_ldt
		mov ecx, LDT | 4
		lldt cx
		over
	probe lldt_data, RING_0, 0
		mov ecx, DATA_0
		lldt cx
		over
	probe lldt_tss, RING_0, 0
		mov ecx, KERNEL_TSS
		lldt cx
		over
	probe lldt_absent, RING_0, 0
		mov ecx, ABSENT_LDT
		lldt cx
		over
	probe lldt_beyond, RING_0, 0
		mov ecx, 0x200
		lldt cx
		over
	probe lldt_limit, RING_0, 0
		mov ecx, DATA_0
		mov fs, ecx
		lldt [fs:3]
		over

; ---- the IDT ----

	gate idt, 0
	gate idt_entry, prepare_idt_entry
	gate idt_byte, prepare_idt_byte
	gate idt_dpl, prepare_idt_dpl
	probe idt_trap_gate_user, RING_3, FLAG_IF, prepare_idt_trap_gate
		int MOVED
	probe idt_trap_gate_closed_user, RING_3, FLAG_IF, prepare_idt_trap_gate_closed
		int MOVED
	gate idt_moved, prepare_idt_moved
	gate idt_moved_and_written, prepare_idt_moved_and_written
	gate idt_short, prepare_idt_short

; ---- the TSS ----

	gate esp0, prepare_esp0
	probe esp0_trap_gate_user, RING_3, FLAG_IF, prepare_esp0_trap_gate
		int MOVED
	gate esp0_bytes, prepare_esp0_bytes
	both esp0_fault, 0, prepare_esp0, ud2
	gate other_tss, prepare_other_tss
	gate tss_descriptor, prepare_tss_descriptor
	gate tss_loaded_twice, prepare_tss_loaded_twice

; Ring 0 cannot use its stack: stack_mend gets the fault, still in ring 3. EBX is the error code, ESI the
; vector.
%macro spoiled 1-2 0
	probe tss_%1_user, RING_3, %2, prepare_%1
		int MOVED
%endmacro
	spoiled ss0_null
	spoiled ss0_null_3
	spoiled ss0_beyond
	spoiled ss0_local
	spoiled ss0_rpl_3
	spoiled ss0_dpl_3
	spoiled ss0_user
	spoiled ss0_code
	spoiled ss0_system
	spoiled ss0_read_only
	spoiled ss0_absent
	spoiled ss0_null_trap_gate, FLAG_IF
	spoiled esp0_without_room
	probe tss_ss0_null_ud2_user, RING_3, FLAG_IF, prepare_ss0_null
		ud2

section .user
stack_mend_ts:
	mov esi, 10
	jmp stack_mend
stack_mend_ss:
	mov esi, 12
stack_mend:
	pop ebx
	pop ecx
	pop edx
	pop edi
	mov word [kernel_tss + TSS_SS0], KERNEL_DS
	mov dword [kernel_tss + TSS_ESP0], kernel_trap_stack + TRAP_STACK_SIZE
	over

section .text
	probe ltr, RING_0, FLAG_STATUS
		mov ecx, OTHER_TSS
		ltr cx
		over
	probe ltr_memory, RING_0, 0
		ltr [selectors.tss]
		over
	probe ltr_busy, RING_0, 0
		mov ecx, KERNEL_TSS
		ltr cx
		over
	probe ltr_null, RING_0, 0
		xor ecx, ecx
		ltr cx
		over
	probe ltr_local, RING_0, 0, prepare_ldt
		mov ecx, LOCAL(1)
		ltr cx
		over
	probe ltr_data, RING_0, 0
		mov ecx, DATA_0
		ltr cx
		over
	probe ltr_ldt, RING_0, 0
		mov ecx, LDT
		ltr cx
		over
	probe ltr_absent, RING_0, 0
		mov ecx, ABSENT_TSS
		ltr cx
		over
	probe ltr_beyond, RING_0, 0
		mov ecx, 0x200
		ltr cx
		over
	probe ltr_again, RING_0, 0
		mov ecx, OTHER_TSS
		ltr cx
		ltr cx
		over

probes_end

section .rodata
selectors:
.ldt: dw LDT
.tss: dw OTHER_TSS

section .bss align=16
	resb 256
user_stack:
