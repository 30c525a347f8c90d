; SPDX-License-Identifier: BSD-2-Clause
;
; Returns, and loads of SS. A probe that arrives where it wants to go ends there with INT PROBE_END.

%include "probe.inc"

; Selectors of returns.h.
CODE_ABSENT      equ KERNEL_FREE + 0x00
CODE_ABSENT_3    equ KERNEL_FREE + 0x0b
CODE_CONFORMING  equ KERNEL_FREE + 0x10
CODE_NEAR        equ KERNEL_FREE + 0x18
CODE_NEAR_3      equ KERNEL_FREE + 0x23
DATA_SMALL       equ KERNEL_FREE + 0x28
DATA_SMALL_3     equ KERNEL_FREE + 0x33
DATA_ABSENT      equ KERNEL_FREE + 0x38
DATA_ABSENT_3    equ KERNEL_FREE + 0x43
DATA_READ_ONLY   equ KERNEL_FREE + 0x48
DATA_READ_ONLY_3 equ KERNEL_FREE + 0x53
DATA_BASE        equ KERNEL_FREE + 0x58
DATA_16          equ KERNEL_FREE + 0x60
DATA_DOWN        equ KERNEL_FREE + 0x68
BEYOND           equ 64 * 8
SMALL_END        equ 0x200000
BASE             equ 0x10000

global returns_near_code
global returns_near_user

; push_frame EFLAGS, CS, EIP / push_frame SS, ESP, EFLAGS, CS, EIP
%macro push_frame 3-5
%rep %0
	push dword %1
%rotate 1
%endrep
%endmacro

%macro push_frame16 3-5
%rep %0
	push word %1
%rotate 1
%endrep
%endmacro

; IRET of ring 0 to ring 0: name, EFLAGS before, EFLAGS popped
%macro iret_flags 3
	probe iret_%1, RING_0, %2
		push_frame %3, KERNEL_CS, .there
		iret
.there:
		inc eax
		over
%endmacro

; to ring 3
%macro iret_user_flags 3
	probe iret_user_%1, RING_0, %2
		push_frame USER_DS, user_stack, %3, USER_CS, user_arrive
		iret
%endmacro

; in ring 3
%macro iret_in_user_flags 3
	probe iret_in_user_%1, RING_3, %2
		push_frame %3, USER_CS, .there
		iret
.there:
		inc eax
		over
%endmacro

; A frame that faults: name, ring, CS, EIP. Its flags must not have arrived.
%define FLAGS_LOST (FLAG_STATUS | FLAG_IF | FLAG_IOPL(3))
%macro iret_bad 4
	probe iret_%1, %2, FLAG_CF
		push_frame FLAGS_LOST, %3, %4
		iret
%endmacro

; name, SS, CS
%macro iret_user_bad 3
	probe iret_user_%1, RING_0, FLAG_CF
		push_frame %2, user_stack, FLAGS_LOST, %3, user_arrive
		iret
%endmacro

%macro retf_bad 4
	probe retf_%1, %2, FLAG_CF
		push dword %3
		push dword %4
		retf
%endmacro

%macro retf_user_bad 3
	probe retf_user_%1, RING_0, FLAG_CF
		push dword %2
		push dword user_stack
		push dword %3
		push dword user_arrive
		retf
%endmacro

section .user
user_arrive:
	inc eax
	push eax
	pop ebx
	over

; What each data segment register can still do: ES must have been USER_DS.
user_ds:
	mov ecx, [ds:numbers]
	over
user_es:
	mov ecx, [es:numbers]
	over
user_fs:
	mov ecx, [fs:numbers]
	over
user_gs:
	mov ecx, [gs:numbers]
	over

returns_near_user:
	nop
	inc ecx
	over
	times 16 nop

section .text
returns_near_code:
	nop
	inc ecx
	over
	times 16 nop

probes_begin

; ---- IRET in ring 0 ----

	iret_flags plain, FLAG_STATUS, 0
	iret_flags status, 0, FLAG_STATUS
	iret_flags df, 0, FLAG_DF
	iret_flags ac, 0, FLAG_AC
	iret_flags id, 0, FLAG_ID
	iret_flags nt, 0, FLAG_NT
	iret_flags iopl_1, 0, FLAG_IOPL(1)
	iret_flags iopl_3, FLAG_IF, FLAG_IOPL(3)
	iret_flags if_on, 0, FLAG_IF
	iret_flags if_off, FLAG_IF, 0
	iret_flags if_stays, FLAG_IF, FLAG_IF | FLAG_CF
	iret_flags tf, 0, FLAG_TF
	iret_flags tf_gone, FLAG_IF, FLAG_IF
	iret_flags rf, 0, FLAG_RF
	iret_flags reserved, 0, 0xffc0802a & ~FLAG_IF
	iret_flags all, 0, FLAG_STATUS | FLAG_DF | FLAG_IF | FLAG_IOPL(2) | FLAG_AC | FLAG_ID
	probe iret_conforming, RING_0, 0
		push_frame FLAG_CF, CODE_CONFORMING, .there
		iret
.there:
		over
	probe iret_to_iret, RING_0, 0
		push_frame FLAG_CF, KERNEL_CS, .there
		push_frame FLAG_OF | FLAG_IF, KERNEL_CS, .first
		iret
.first:
		inc eax
		iret
.there:
		inc eax
		over
	probe iret_prefixes, RING_0, 0
		push_frame FLAG_CF, KERNEL_CS, .there
		db 0x2e, 0x67, 0xcf
.there:
		over
	probe iret_lock, RING_0, 0
		push_frame FLAG_CF, KERNEL_CS, probe_iret_lock
		db 0xf0, 0xcf

; 16 bits: EFLAGS keeps its upper half, EIP and ESP lose theirs
	probe iretw, RING_0, FLAG_AC | FLAG_ID
		push_frame16 FLAG_STATUS | FLAG_IF, CODE_NEAR, 0
		iretw
	probe iretw_skip, RING_0, FLAG_STATUS
		push_frame16 FLAG_DF | FLAG_IOPL(3), CODE_NEAR, 1
		iretw
	probe iretw_limit, RING_0, 0
		push_frame16 0, CODE_NEAR, 0x100
		iretw
	probe iretw_user, RING_0, FLAG_AC
		push_frame16 USER_DS, 0x7000, FLAG_STATUS, CODE_NEAR_3, 1
		iretw
	probe iretw_in_user, RING_3, FLAG_AC
		push_frame16 FLAG_STATUS | FLAG_IF, CODE_NEAR_3, 0
		iretw

; ---- IRET to ring 3 ----

	iret_user_flags plain, FLAG_STATUS, 0
	iret_user_flags if_on, 0, FLAG_IF
	iret_user_flags if_stays, FLAG_IF, FLAG_IF
	iret_user_flags status, FLAG_IF, FLAG_IF | FLAG_STATUS | FLAG_DF
	iret_user_flags iopl_3, 0, FLAG_IOPL(3)
	iret_user_flags iopl_3_on, 0, FLAG_IOPL(3) | FLAG_IF
	iret_user_flags tf, 0, FLAG_TF
	iret_user_flags ac_id_nt, 0, FLAG_AC | FLAG_ID | FLAG_NT
	iret_user_flags all, 0, FLAG_STATUS | FLAG_DF | FLAG_IF | FLAG_AC | FLAG_ID
	probe iret_user_conforming, RING_0, 0
		push_frame USER_DS, user_stack, FLAG_CF, CODE_CONFORMING | 3, user_arrive
		iret

; What ring 3 may not hold is gone.
%macro segments_case 3                  ; register, selector, name
	probe iret_user_%1_%3, RING_0, 0
		mov ecx, USER_DS
		mov ds, ecx
		mov es, ecx
		mov ecx, %2
		mov %1, ecx
		push_frame USER_DS, user_stack, FLAG_CF, USER_CS, user_%1
		iret
%endmacro
%macro segments_cases 2                 ; selector, name
	segments_case ds, %1, %2
	segments_case es, %1, %2
	segments_case fs, %1, %2
	segments_case gs, %1, %2
%endmacro
	segments_cases KERNEL_DS, kernel
	segments_cases USER_DS, user
	segments_cases 0, null
	segments_case ds, KERNEL_CS, code
	segments_case fs, CODE_CONFORMING, conforming
	segments_case gs, DATA_READ_ONLY_3, read_only

; ---- IRET in ring 3: IF and IOPL are not its to change ----

	iret_in_user_flags status, 0, FLAG_STATUS
	iret_in_user_flags if_on, 0, FLAG_IF
	iret_in_user_flags if_off, FLAG_IF, 0
	iret_in_user_flags iopl, FLAG_IF, FLAG_IOPL(3) | FLAG_IF
	iret_in_user_flags iopl_off, 0, FLAG_IOPL(3)
	iret_in_user_flags tf, FLAG_IF, FLAG_TF | FLAG_IF
	iret_in_user_flags ac_id, FLAG_IF, FLAG_AC | FLAG_ID | FLAG_IF

; ---- IRET that faults ----

	iret_bad cs_null, RING_0, 0, user_arrive
	iret_bad cs_beyond, RING_0, BEYOND, user_arrive
	iret_bad cs_local, RING_0, KERNEL_CS | 4, user_arrive
	iret_bad cs_data, RING_0, KERNEL_DS, user_arrive
	iret_bad cs_system, RING_0, KERNEL_TSS, user_arrive
	iret_bad cs_absent, RING_0, CODE_ABSENT, user_arrive
	iret_bad cs_rpl_0_dpl_3, RING_0, USER_CS & ~3, user_arrive
	iret_bad cs_limit, RING_0, CODE_NEAR, 0x100
	iret_bad in_user_cs_null, RING_3, 3, user_arrive
	iret_bad in_user_cs_beyond, RING_3, BEYOND | 3, user_arrive
	iret_bad in_user_cs_kernel, RING_3, KERNEL_CS, user_arrive
	iret_bad in_user_cs_kernel_rpl_3, RING_3, KERNEL_CS | 3, user_arrive
	iret_bad in_user_cs_absent, RING_3, CODE_ABSENT_3, user_arrive
	iret_bad in_user_cs_limit, RING_3, CODE_NEAR_3, 0x100
	iret_user_bad cs_rpl_3_dpl_0, USER_DS, KERNEL_CS | 3
	iret_user_bad cs_absent, USER_DS, CODE_ABSENT_3
	iret_user_bad cs_data, USER_DS, USER_DS
	iret_user_bad ss_null, 0, USER_CS
	iret_user_bad ss_null_3, 3, USER_CS
	iret_user_bad ss_beyond, BEYOND | 3, USER_CS
	iret_user_bad ss_rpl_0, USER_DS & ~3, USER_CS
	iret_user_bad ss_dpl_0, KERNEL_DS | 3, USER_CS
	iret_user_bad ss_read_only, DATA_READ_ONLY_3, USER_CS
	iret_user_bad ss_code, USER_CS, USER_CS
	probe iret_user_cs_limit, RING_0, 0
		push_frame USER_DS, user_stack, 0, CODE_NEAR_3, 0x100
		iret
	probe iret_frame_limit, RING_0, 0
		mov ecx, DATA_SMALL
		mov ss, ecx
		mov esp, SMALL_END - 8
		iret
	probe iret_frame_limit_middle, RING_0, 0
		mov ecx, DATA_SMALL
		mov ss, ecx
		mov esp, SMALL_END - 12
		mov dword [SMALL_END - 12], user_arrive
		mov dword [SMALL_END - 8], USER_CS
		mov dword [SMALL_END - 4], 0
		iret
	probe iret_in_user_frame_limit, RING_3, 0
		mov ecx, DATA_SMALL_3
		mov ss, ecx
		mov esp, SMALL_END - 8
		iret
	probe iret_on_16_bit_stack, RING_0, 0
		mov ecx, DATA_16
		mov ss, ecx
		mov esp, 0x12341000
		push_frame FLAG_CF, KERNEL_CS, .there
		iret
.there:
		movzx ebx, sp                   ; the upper half is not the segment's
		mov ecx, KERNEL_DS
		mov ss, ecx
		mov esp, near_stack
		over

; ---- RET far ----

	probe retf, RING_0, FLAG_STATUS | FLAG_IF
		push dword KERNEL_CS
		push dword .there
		retf
.there:
		inc eax
		over
	probe retf_n, RING_0, 0
		push dword 1
		push dword 2
		push dword KERNEL_CS
		push dword .there
		retf 8
.there:
		inc eax
		over
	probe retf_conforming, RING_0, 0
		push dword CODE_CONFORMING
		push dword .there
		retf
.there:
		over
	probe retf_word, RING_0, 0
		push word CODE_NEAR
		push word 1
		db 0x66
		retf
	probe retf_user, RING_0, FLAG_STATUS
		push dword USER_DS
		push dword user_stack
		push dword USER_CS
		push dword user_arrive
		retf
	probe retf_user_on, RING_0, FLAG_IF | FLAG_DF
		push dword USER_DS
		push dword user_stack
		push dword USER_CS
		push dword user_arrive
		retf
	probe retf_user_n, RING_0, 0
		push dword USER_DS
		push dword user_stack - 16
		push dword 1
		push dword 2
		push dword USER_CS
		push dword user_arrive
		retf 8
	probe retf_user_nulls, RING_0, 0
		mov ecx, KERNEL_DS
		mov fs, ecx
		push dword USER_DS
		push dword user_stack
		push dword USER_CS
		push dword user_fs
		retf
	probe retf_user_word, RING_0, 0
		push_frame16 USER_DS, 0x7000, CODE_NEAR_3, 1
		db 0x66
		retf
	probe retf_in_user, RING_3, FLAG_IF
		push dword USER_CS
		push dword user_arrive
		retf
	probe retf_in_user_n, RING_3, 0
		push dword 5
		push dword USER_CS
		push dword user_arrive
		retf 4
	retf_bad cs_null, RING_0, 0, user_arrive
	retf_bad cs_beyond, RING_0, BEYOND, user_arrive
	retf_bad cs_data, RING_0, KERNEL_DS, user_arrive
	retf_bad cs_absent, RING_0, CODE_ABSENT, user_arrive
	retf_bad cs_rpl_0_dpl_3, RING_0, USER_CS & ~3, user_arrive
	retf_bad cs_limit, RING_0, CODE_NEAR, 0x100
	retf_bad in_user_cs_kernel, RING_3, KERNEL_CS, user_arrive
	retf_bad in_user_cs_kernel_rpl_3, RING_3, KERNEL_CS | 3, user_arrive
	retf_bad in_user_cs_absent, RING_3, CODE_ABSENT_3, user_arrive
	retf_user_bad cs_absent, USER_DS, CODE_ABSENT_3
	retf_user_bad ss_null, 0, USER_CS
	retf_user_bad ss_rpl_0, USER_DS & ~3, USER_CS
	retf_user_bad ss_dpl_0, KERNEL_DS | 3, USER_CS
	retf_user_bad ss_absent, DATA_ABSENT_3, USER_CS
	probe retf_frame_limit, RING_0, 0
		mov ecx, DATA_SMALL
		mov ss, ecx
		mov esp, SMALL_END - 4
		retf

; ---- loads of SS ----

	both mov_ss, FLAG_STATUS, 0, lines {mov ecx, USER_DS}, {mov ss, ecx}
	probe mov_ss_kernel, RING_0, FLAG_STATUS | FLAG_IF
		mov ecx, KERNEL_DS
		mov ss, ecx
		push eax
		over
	probe mov_ss_memory, RING_0, 0
		mov ss, [selectors.kernel]
		push eax
		over
	probe mov_ss_memory_segment, RING_0, 0
		mov ecx, KERNEL_DS
		mov gs, ecx
		mov ecx, 2
		mov ss, [gs:selectors + ecx * 4 - 4]
		push eax
		over
	probe mov_ss_base, RING_0, 0
		mov ecx, DATA_BASE
		mov edi, KERNEL_DS
		mov ebx, esp
		mov ss, ecx
		mov edx, [ss:numbers - BASE]
		mov ss, edi
		over
	probe mov_ss_base_push, RING_0, 0
		mov ecx, DATA_BASE
		mov edi, KERNEL_DS
		mov ebx, esp
		mov ss, ecx
		mov esp, near_stack - BASE
		push dword 0x1234567
		pop edx
		mov ss, edi
		mov esp, ebx
		mov esi, [near_stack - 4]
		over
	probe mov_ss_16_push, RING_0, 0
		mov ecx, DATA_16
		mov edi, KERNEL_DS
		mov ebp, esp
		mov ss, ecx
		mov esp, 0x12340004             ; wraps
		push eax
		push ebx
		movzx edx, sp
		mov ss, edi
		mov esp, ebp
		over
	probe mov_ss_expand_down, RING_0, 0
		mov ecx, DATA_DOWN
		mov edi, KERNEL_DS
		mov ebp, esp
		mov ss, ecx
		mov esp, 0x1000
		push ebx
		mov edx, [ss:0xffc]
		mov ss, edi
		mov esp, ebp
		over
	probe pop_ss, RING_0, FLAG_STATUS
		push dword KERNEL_DS
		pop ss
		push eax
		over
	probe pop_ss_high_half, RING_0, 0
		push dword 0xabcd0000 | KERNEL_DS
		pop ss
		over
	probe pop_ss_word, RING_0, 0
		push word KERNEL_DS
		db 0x66
		pop ss
		over
	probe pop_ss_base, RING_0, 0
		mov edi, KERNEL_DS
		mov ebx, esp
		push dword DATA_BASE
		pop ss
		mov edx, [ss:numbers - BASE]
		mov ss, edi
		over
	probe pop_ss_limit, RING_0, 0
		mov ecx, DATA_SMALL
		mov ss, ecx
		mov esp, SMALL_END
		pop ss
		over
	probe lss_esp, RING_0, 0
		lss esp, [pointers.kernel]
		push eax
		over
	probe lss_ebx, RING_0, FLAG_STATUS
		lss ebx, [pointers.kernel]
		push eax
		over
	probe lss_bx, RING_0, 0
		lss bx, [pointers.kernel16]
		over
	probe lss_memory_limit, RING_0, 0
		mov ecx, DATA_SMALL
		mov ds, ecx
		lss ebx, [SMALL_END - 5]
		over
	probe lss_null, RING_0, 0
		lss esp, [pointers.null]
		over
	probe lss_absent, RING_0, 0
		lss esp, [pointers.absent]
		over
	both lss_register, 0, 0, db 0x0f, 0xb2, 0xe4
	both mov_ss_null, FLAG_CF, 0, lines {xor ecx, ecx}, {mov ss, ecx}
	both mov_ss_beyond, 0, 0, lines {mov ecx, BEYOND}, {mov ss, ecx}
	both mov_ss_local, 0, 0, lines {mov ecx, KERNEL_DS | 4}, {mov ss, ecx}
	both mov_ss_rpl_3, 0, 0, lines {mov ecx, KERNEL_DS | 3}, {mov ss, ecx}
	probe mov_ss_rpl_1_user, RING_3, 0
		mov ecx, KERNEL_DS | 1
		mov ss, ecx
		over
	both mov_ss_dpl_3, 0, 0, lines {mov ecx, USER_DS & ~3}, {mov ss, ecx}
	both mov_ss_code, 0, 0, lines {mov ecx, KERNEL_CS}, {mov ss, ecx}
	both mov_ss_system, 0, 0, lines {mov ecx, KERNEL_TSS}, {mov ss, ecx}
	both mov_ss_read_only, 0, 0, lines {mov ecx, DATA_READ_ONLY}, {mov ss, ecx}
	both mov_ss_absent, 0, 0, lines {mov ecx, DATA_ABSENT}, {mov ss, ecx}
	both mov_ss_absent_3, 0, 0, lines {mov ecx, DATA_ABSENT_3}, {mov ss, ecx}
	both pop_ss_null, 0, 0, lines {push dword 0}, {pop ss}
	both pop_ss_absent, 0, 0, lines {push dword DATA_ABSENT}, {pop ss}

probes_end

section .rodata
selectors:
.user:     dd USER_DS
.kernel:   dd 0xffff0000 | KERNEL_DS
numbers:   dd 0x600df00d
pointers:
.kernel:   dd near_stack
           dw KERNEL_DS
.kernel16: dw 0x1234, KERNEL_DS
.null:     dd near_stack
           dw 0
.absent:   dd near_stack
           dw DATA_ABSENT

section .bss align=16
	resb 1024
user_stack:
	resb 1024
near_stack:
	resb 64
