; SPDX-License-Identifier: BSD-2-Clause
;
; What happens to the guest: one probe each, most of them in both rings.

%include "probe.inc"

; Selectors and vectors of exceptions.h.
ABSENT_DATA     equ KERNEL_FREE + 0x03
ABSENT_CODE     equ KERNEL_FREE + 0x08
SMALL_DATA      equ KERNEL_FREE + 0x13
READ_ONLY       equ KERNEL_FREE + 0x1b
EXECUTE_ONLY    equ KERNEL_FREE + 0x23
CONFORMING_CODE equ KERNEL_FREE + 0x28
SMALL_STACK     equ KERNEL_FREE + 0x30
LDT_DESCRIPTOR  equ KERNEL_FREE + 0x38
ABSENT_STACK    equ KERNEL_FREE + 0x48
BASE_STACK      equ KERNEL_FREE + 0x50
STACK_16        equ KERNEL_FREE + 0x58
BEYOND_GDT      equ 64 * 8 + 3
SMALL_END       equ 0x200000
STACK_BASE      equ 0x10000

%assign int_number 0x40
%macro vectors 1-*
%rep %0
%1 equ int_number
%assign int_number int_number + 1
%rotate 1
%endrep
%endmacro
vectors INT_DPL_0, INT_DPL_1, INT_DPL_2, INT_DPL_3, INT_TRAP_DPL_0, INT_TRAP_DPL_3, INT_ABSENT_DPL_0, \
	INT_ABSENT, INT_TYPE_DATA, INT_TYPE_CALL, INT_TYPE_LDT, INT_TYPE_TSS, INT_CS_NULL, INT_CS_BEYOND, \
	INT_CS_DATA, INT_CS_ABSENT, INT_CS_OUTER, INT_CS_CONFORMING, INT_CS_SMALL, INT_CS_LOCAL, \
	INT_CS_RPL_3, INT_CS_SYSTEM
INT_LAST equ 0xef

extern exceptions_watched, exceptions_stack
extern with_ts, with_ts_mp, with_mp, with_em, with_am
extern with_code_breakpoint, with_write_breakpoint, with_access_breakpoint
extern without_ud_gate, without_gp_gate, without_gp_and_np_gate, without_de_gate
extern ud_gate_to_data, ud_gate_null, ud_gate_of_wrong_type, ud_gate_to_small, with_half_a_gate
extern ud_gate_to_frame_reader, ud_gate_to_flag_reader, gp_gate_for_int
global frame_reader
global flag_reader
global breakpoint_code
global breakpoint_code_user

%macro lock_load 0
	db 0xf0
	mov eax, [exceptions_watched]
%endmacro

%macro too_long 0
	times 15 db 0x3e
	nop
%endmacro

%macro too_long_privileged 0
	times 15 db 0x26
	hlt
%endmacro

%macro step_over_branch 0
	jmp short %%there
	nop
%%there:
	inc eax
	nop
%endmacro

; The fourth element is outside: three are stored.
%macro stosd_limit 0
	mov ecx, SMALL_DATA
	mov es, ecx
	mov edi, SMALL_END - 12
	mov ecx, 5
	rep stosd
%endmacro

%macro jump_other_ring 0
	jmp USER_CS & ~3:%%never
%%never:
	nop
%endmacro

; A handler of #UD on any stack: EBX, ECX and EDX get the frame, ESI where it ended. (The upper half of
; ESP is lost where a return leads to a stack of 16 bits from another ring.)
frame_reader:
	pop ebx
	pop ecx
	pop edx
	movzx esi, sp
	mov edi, KERNEL_DS
	mov ss, edi
	mov esp, ebp
	over

; A handler of #UD whose own EFLAGS are what counts.
flag_reader:
	int INT_DPL_3

probes_begin

; ---- found by the processor ----

	both divide_by_zero, FLAG_STATUS, 0, lines {xor ecx, ecx}, {div ecx}
	both divide_overflow, 0, 0, lines {mov edx, 5}, {mov ecx, 5}, {div ecx}
	both divide_signed, 0, 0, lines {mov eax, 0x8000}, {mov cl, -1}, {idiv cl}
	both aam_zero, 0, 0, db 0xd4, 0
	both bound_below, 0, 0, lines {mov eax, -1}, {bound eax, [bounds]}
	both bound_above, 0, 0, lines {mov eax, 8}, {bound eax, [bounds]}
	both bound_inside, 0, 0, lines {mov eax, 7}, {bound eax, [bounds]}
	both ud2, FLAG_CF | FLAG_DF, 0, ud2
	both ud2_flags_of_handler, FLAG_STATUS | FLAG_DF | FLAG_IF | FLAG_IOPL(2) | FLAG_NT | FLAG_AC | FLAG_ID, ud_gate_to_flag_reader, ud2
	both lock_register, 0, 0, db 0xf0, 0x01, 0xc0
	both lock_load, 0, 0, lock_load
	both mov_to_cs, 0, 0, db 0x8e, 0xc8
	both les_register, 0, 0, db 0xc4, 0xc0
	both jump_far_register, 0, 0, db 0xff, 0xe8
	both too_long, 0, 0, too_long
	both too_long_privileged, 0, 0, too_long_privileged

; ---- single steps and breakpoints ----

	both step, FLAG_TF | FLAG_STATUS, 0, lines inc eax, inc eax, inc eax
	both step_over_branch, FLAG_TF, 0, step_over_branch
	both step_into_fault, FLAG_TF, 0, lines ud2
	both step_into_int, FLAG_TF, 0, int INT_DPL_3
	both int1, FLAG_CF, 0, db 0xf1
	both int_1, 0, 0, db 0xcd, 1
	probe step_over_cli, RING_0, FLAG_TF | FLAG_IF, 0
		cli
		nop
		over
	probe step_over_sti, RING_0, FLAG_TF, 0
		sti
		nop
		over
	probe step_over_mov_cr0, RING_0, FLAG_TF, 0
		mov eax, cr0
		nop
		over
	probe step_over_mov_ss, RING_0, FLAG_TF, 0
		mov ss, [kernel_ds]
		nop
		nop
		over
	probe step_rep_insb, RING_0, 0
		mov edx, 0x7800                 ; nothing is there
		mov edi, exceptions_stack
		mov ecx, 3
		push dword FLAG_TF
		push dword KERNEL_CS
		push dword .there
		iret
.there:
		rep insb
		nop
		over
	probe code_breakpoint, RING_0, 0, with_code_breakpoint
		nop
breakpoint_code:
		inc eax
		nop
		over
	probe code_breakpoint_user, RING_3, 0, with_code_breakpoint
		nop
breakpoint_code_user:
		inc eax
		nop
		over
	both write_breakpoint, 0, with_write_breakpoint, lines {mov [exceptions_watched], eax}, nop, nop
	both write_breakpoint_read, 0, with_write_breakpoint, lines {mov eax, [exceptions_watched]}, nop, nop
	both access_breakpoint, 0, with_access_breakpoint, lines {mov eax, [exceptions_watched]}, nop, nop

; ---- the x87 is not there ----

	both ts_x87, 0, with_ts, fld1
	both ts_wait, 0, with_ts, wait
	both ts_mp_wait, 0, with_ts_mp, wait
	both mp_wait, 0, with_mp, wait
	both em_x87, 0, with_em, fld1
	both em_mmx, 0, with_em, emms
	both em_sse, 0, with_em, xorps xmm0, xmm0
	both ts_mmx, 0, with_ts, emms
	both no_osfxsr, 0, 0, xorps xmm0, xmm0

; ---- segments ----

	both ds_absent, 0, 0, lines {mov ecx, ABSENT_DATA}, {mov ds, ecx}
	both es_absent_pop, 0, 0, lines {push dword ABSENT_DATA}, {pop es}
	both ds_beyond, 0, 0, lines {mov ecx, BEYOND_GDT}, {mov ds, ecx}
	both ds_system, 0, 0, lines {mov ecx, KERNEL_TSS}, {mov ds, ecx}
	both ds_execute_only, 0, 0, lines {mov ecx, EXECUTE_ONLY}, {mov ds, ecx}
	both ds_local, 0, 0, lines {mov ecx, 0x27}, {mov ds, ecx}
	both fs_kernel, 0, 0, lines {mov ecx, KERNEL_DS}, {mov fs, ecx}
	both lds_absent, 0, 0, lds ebx, [absent_pointer]
	both lfs_beyond, 0, 0, lfs ebx, [beyond_pointer]
	both ds_null, 0, 0, lines {xor ecx, ecx}, {mov ds, ecx}, {mov eax, [ds:0x100000]}
	both ds_limit, 0, 0, lines {mov ecx, SMALL_DATA}, {mov ds, ecx}, {mov eax, [SMALL_END]}
	both ds_limit_inside, 0, 0, lines {mov ecx, SMALL_DATA}, {mov ds, ecx}, {mov eax, [SMALL_END - 4]}
	both ds_limit_straddled, 0, 0, lines {mov ecx, SMALL_DATA}, {mov ds, ecx}, {mov eax, [SMALL_END - 3]}
	both es_read_only, 0, 0, lines {mov ecx, READ_ONLY}, {mov es, ecx}, {mov [es:exceptions_watched], eax}
	both cs_write, 0, 0, mov [cs:exceptions_watched], eax
	both stosd_limit, 0, 0, stosd_limit
	both ss_null, 0, 0, lines {xor ecx, ecx}, {mov ss, ecx}
	both ss_read_only, 0, 0, lines {mov ecx, READ_ONLY}, {mov ss, ecx}
	both ss_code, 0, 0, lines {mov ecx, KERNEL_CS}, {mov ss, ecx}
	probe ss_absent, RING_0, 0
		mov ecx, ABSENT_STACK
		mov ss, ecx
		over
	probe ss_absent_user, RING_3, 0
		mov ecx, ABSENT_DATA
		mov ss, ecx
		over
	probe ss_limit, RING_0, 0
		mov ecx, SMALL_STACK
		mov ss, ecx
		mov eax, [ss:SMALL_END]
		over
	probe ss_limit_user, RING_3, 0
		mov ecx, SMALL_DATA
		mov ss, ecx
		mov eax, [ss:SMALL_END]
		over
	probe ebp_limit_user, RING_3, 0
		mov ecx, SMALL_DATA
		mov ss, ecx
		mov ebp, SMALL_END
		mov eax, [ebp]
		over
	probe push_limit_user, RING_3, 0
		mov ecx, SMALL_DATA
		mov ss, ecx
		mov esp, SMALL_END + 4
		push eax
		over
	probe ss_base_ud2, RING_0, FLAG_STATUS | FLAG_IF, ud_gate_to_frame_reader
		mov ecx, BASE_STACK
		mov ebp, esp
		mov ss, ecx
		sub esp, STACK_BASE
		ud2
	probe ss_16_ud2, RING_0, FLAG_STATUS | FLAG_IF, ud_gate_to_frame_reader
		mov ecx, STACK_16
		mov ebp, esp
		mov ss, ecx
		mov esp, 0x12340000             ; the frame is at FFF4h
		ud2
	both jump_absent, 0, 0, jmp ABSENT_CODE:0
	both jump_data, 0, 0, jmp KERNEL_DS:0
	both jump_null, 0, 0, jmp 0:0
	both jump_beyond, 0, 0, jmp BEYOND_GDT:0
	both jump_outer_or_inner, 0, 0, jump_other_ring

; ---- alignment: in ring 3 only, with AM and AC (6.15) ----

	both align, FLAG_AC, with_am, mov eax, [exceptions_watched + 1]
	both align_off, 0, with_am, mov eax, [exceptions_watched + 1]
	both align_without_am, FLAG_AC, 0, mov eax, [exceptions_watched + 1]
	both align_byte, FLAG_AC, with_am, mov al, [exceptions_watched + 1]
	both align_word, FLAG_AC, with_am, mov [exceptions_watched + 1], ax

; ---- INT n ----

	both int3, FLAG_STATUS, 0, db 0xcc
	both int_3, FLAG_IF, 0, db 0xcd, 3
	both int_13_without_error_code, FLAG_IF, gp_gate_for_int, db 0xcd, 13
	both into, FLAG_OF, 0, into
	both into_no, 0, 0, into
	both int_dpl_0, FLAG_IF, 0, int INT_DPL_0
	both int_dpl_1, 0, 0, int INT_DPL_1
	both int_dpl_2, FLAG_IF, 0, int INT_DPL_2
	both int_dpl_3, FLAG_IF | FLAG_STATUS | FLAG_DF, 0, int INT_DPL_3
	both int_dpl_3_off, 0, 0, int INT_DPL_3
	both int_iopl, FLAG_IF | FLAG_IOPL(3), 0, int INT_DPL_3
	both int_flags, FLAG_IF | FLAG_AC | FLAG_ID | FLAG_NT, 0, int INT_DPL_3
	both int_trap_dpl_0, FLAG_IF, 0, int INT_TRAP_DPL_0
	probe int_trap_dpl_3_user, RING_3, FLAG_IF, 0
		int INT_TRAP_DPL_3
		over
	probe int_trap_dpl_3_off_user, RING_3, 0
		int INT_TRAP_DPL_3
		over
	both int_absent_dpl_0, 0, 0, int INT_ABSENT_DPL_0
	both int_absent, FLAG_IF, 0, int INT_ABSENT
	both int_type_data, FLAG_IF, 0, int INT_TYPE_DATA
	both int_type_call, 0, 0, int INT_TYPE_CALL
	both int_type_ldt, 0, 0, int INT_TYPE_LDT
	both int_type_tss, 0, 0, int INT_TYPE_TSS
	both int_cs_null, FLAG_IF, 0, int INT_CS_NULL
	both int_cs_beyond, 0, 0, int INT_CS_BEYOND
	both int_cs_data, FLAG_IF, 0, int INT_CS_DATA
	both int_cs_absent, FLAG_IF, 0, int INT_CS_ABSENT
	both int_cs_outer, 0, 0, int INT_CS_OUTER
	both int_cs_conforming, 0, 0, int INT_CS_CONFORMING
	probe int_conforming_no_room_user, RING_3, 0
		mov ecx, SMALL_DATA
		mov ss, ecx
		mov esp, SMALL_END + 8
		int INT_CS_CONFORMING
		over
	both int_cs_small, 0, 0, int INT_CS_SMALL
	probe int_cs_local, RING_0, 0
		int INT_CS_LOCAL
		over
	both int_cs_rpl_3, 0, 0, int INT_CS_RPL_3
	both int_cs_system, 0, 0, int INT_CS_SYSTEM
	both int_last, 0, 0, int INT_LAST
	both int_beyond, FLAG_IF, 0, int INT_LAST + 1
	both int_half, 0, with_half_a_gate, int INT_LAST
	both int_255, 0, 0, int 255

; ---- faults while something is delivered ----

	both ud_absent, FLAG_IF, without_ud_gate, ud2
	both ud_to_data, 0, ud_gate_to_data, ud2
	both ud_null, 0, ud_gate_null, ud2
	both ud_wrong_type, 0, ud_gate_of_wrong_type, ud2
	both ud_to_small, 0, ud_gate_to_small, ud2
	both gp_absent, FLAG_IF, without_gp_gate, lines {mov ecx, BEYOND_GDT}, {mov ds, ecx}
	both de_absent, FLAG_IF, without_de_gate, lines {xor ecx, ecx}, {div ecx}
	both int_then_gp_absent, 0, without_gp_gate, int 255
	both gp_and_np_absent, FLAG_IF, without_gp_and_np_gate, int 255
	both np_then_np_absent, 0, without_gp_and_np_gate, int INT_ABSENT

probes_end

section .rodata
bounds:          dd 0, 7
kernel_ds:       dw KERNEL_DS
absent_pointer:  dd 0x12345678
                 dw ABSENT_DATA
beyond_pointer:  dd 0x12345678
                 dw BEYOND_GDT
