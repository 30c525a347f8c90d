; SPDX-License-Identifier: BSD-2-Clause
;
; Every instruction that reads or writes the processor's own registers, in both rings. General
; registers begin with the seed's values.

%include "probe.inc"

SYSENTER_CS  equ 0x174
TSC          equ 0x10

CR0_BASE equ 0x11                       ; PE and ET
CR0_MP   equ 1 << 1
CR0_EM   equ 1 << 2
CR0_TS   equ 1 << 3
CR0_NE   equ 1 << 5
CR0_WP   equ 1 << 16
CR0_AM   equ 1 << 18
CR0_NW   equ 1 << 29
CR0_CD   equ 1 << 30
CR0_PG   equ 1 << 31

extern control_with_tsd
extern control_with_de
extern control_with_ts

; The values of counters are not to be compared, only that they can be read.
%macro forget 0
	xor eax, eax
	xor edx, edx
%endmacro

probes_begin

; ---- CR0 ----

	both cr0_read, 0, 0, mov ebx, cr0
	both cr0_read_esp, 0, 0, lines {mov ebp, esp}, {mov esp, cr0}, {xchg esp, ebp}
	both cr0_read_mod_0, 0, 0, db 0x0f, 0x20, 0x06          ; mod is ignored: mov esi, cr0
	both cr0_read_operand_size, 0, 0, db 0x66, 0x0f, 0x20, 0xc7
	both cr0_ts, 0, 0, lines {mov eax, CR0_BASE | CR0_TS}, {mov cr0, eax}, {mov ebx, cr0}
	both cr0_many, FLAG_STATUS, 0, lines {mov edx, CR0_BASE | CR0_MP | CR0_NE | CR0_AM}, {mov cr0, edx}, {mov ebx, cr0}
	both cr0_wp, 0, 0, lines {mov edx, CR0_BASE | CR0_WP}, {mov cr0, edx}, {mov ebx, cr0}
	both cr0_cd_nw, 0, 0, lines {mov edx, CR0_BASE | CR0_CD | CR0_NW}, {mov cr0, edx}, {mov ebx, cr0}
	both cr0_without_et, 0, 0, lines {mov edx, 1}, {mov cr0, edx}, {mov ebx, cr0}
	both cr0_reserved, 0, 0, lines {mov edx, 0x1ffaff11}, {mov cr0, edx}, {mov ebx, cr0}
	both cr0_nw_without_cd, 0, 0, lines {mov edx, CR0_BASE | CR0_NW}, {mov cr0, edx}, {mov ebx, cr0}
	both cr0_pg_without_pe, 0, 0, lines {mov edx, CR0_PG | 0x10}, {mov cr0, edx}, {mov ebx, cr0}
	both clts, FLAG_STATUS, control_with_ts, lines clts, {mov ebx, cr0}
	both clts_again, 0, 0, lines clts, {mov ebx, cr0}
	both clts_then_x87, 0, control_with_ts, lines clts, fld1
	both lmsw_set, 0, 0, lines {mov ecx, 0xfffe}, {lmsw cx}, {mov ebx, cr0}
	both lmsw_clear, 0, control_with_ts, lines {xor ecx, ecx}, {lmsw cx}, {mov ebx, cr0}
	both lmsw_then_x87, 0, 0, lines {mov ecx, 9}, {lmsw cx}, fld1
	both lmsw_memory, 0, 0, lines {lmsw [machine_status]}, {mov ebx, cr0}
	both lmsw_segment, 0, 0, lines {mov edi, machine_status - 4}, {lmsw [fs:edi + 4]}, {mov ebx, cr0}
	both clts_lock, 0, 0, db 0xf0, 0x0f, 0x06

; ---- CR2 to CR4 ----

	both cr1_read, 0, 0, db 0x0f, 0x20, 0xc8
	both cr5_write, 0, 0, db 0x0f, 0x22, 0xe8
	both cr7_read, 0, 0, db 0x0f, 0x20, 0xf8
	both cr2_write, FLAG_STATUS, 0, lines {mov cr2, esi}, {mov edi, cr2}
	both cr2_write_edx, 0, 0, lines {mov cr2, edx}, {mov eax, cr2}
	both cr3_write, 0, 0, lines {mov eax, 0x3ff000}, {mov cr3, eax}, {mov ecx, cr3}
	both cr3_flags, 0, 0, lines {mov eax, 0x123018}, {mov cr3, eax}, {mov ecx, cr3}
	both cr4_read, 0, 0, mov edi, cr4
	both cr4_tsd, 0, 0, lines {mov ecx, 1 << 2}, {mov cr4, ecx}, {mov edi, cr4}
	both cr4_de, 0, 0, lines {mov ecx, 1 << 3}, {mov cr4, ecx}, {mov edi, cr4}
	both cr4_pse_pge, 0, 0, lines {mov ecx, 1 << 4 | 1 << 7}, {mov cr4, ecx}, {mov edi, cr4}
	both cr4_mce_pce, 0, 0, lines {mov ecx, 1 << 6 | 1 << 8}, {mov cr4, ecx}, {mov edi, cr4}
	both cr4_fxsr, 0, 0, lines {mov ecx, 3 << 9}, {mov cr4, ecx}, {mov edi, cr4}
	both cr4_reserved, 0, 0, lines {mov ecx, 1 << 31}, {mov cr4, ecx}, {mov edi, cr4}
	both cr4_reserved_low, 0, 0, lines {mov ecx, 1 << 15}, {mov cr4, ecx}, {mov edi, cr4}

; ---- debug registers ----

	both dr0, FLAG_STATUS, 0, lines {mov dr0, eax}, {mov ebx, dr0}
	both dr1, 0, 0, lines {mov dr1, ecx}, {mov ebx, dr1}
	both dr2, 0, 0, lines {mov dr2, edx}, {mov ebx, dr2}
	both dr3, 0, 0, lines {mov dr3, ebp}, {mov ebx, dr3}
	both dr6_zero, 0, 0, lines {xor eax, eax}, {mov dr6, eax}, {mov ebx, dr6}
	both dr6_ones, 0, 0, lines {mov eax, -1}, {mov dr6, eax}, {mov ebx, dr6}
	both dr7_zero, 0, 0, lines {xor eax, eax}, {mov dr7, eax}, {mov ebx, dr7}
	both dr7_fields, 0, 0, lines {mov eax, 0xdddd0000}, {mov dr7, eax}, {mov ebx, dr7}
	both dr4_alias, 0, 0, lines {xor eax, eax}, {mov dr6, eax}, {db 0x0f, 0x21, 0xe3}
	both dr5_alias, 0, 0, lines {db 0x0f, 0x21, 0xeb}
	both dr4_with_de, 0, control_with_de, lines {db 0x0f, 0x21, 0xe3}
	both dr5_with_de, 0, control_with_de, lines {db 0x0f, 0x23, 0xeb}
	both dr_read_mod_1, 0, 0, db 0x0f, 0x21, 0x46
	both dr_guarded, 0, 0, lines {mov eax, 0x2400}, {mov dr7, eax}, {mov ebx, dr0}
	both dr_guarded_write, 0, 0, lines {mov eax, 0x2400}, {mov dr7, eax}, {mov dr1, ecx}

; ---- caches ----

	both invlpg, FLAG_STATUS, 0, invlpg [probe_table]
	both invlpg_register, 0, 0, db 0x0f, 0x01, 0xf8
	both invd, 0, 0, invd
	both wbinvd, FLAG_STATUS, 0, wbinvd

; ---- model-specific registers and counters ----

	both rdmsr, 0, 0, lines {mov ecx, SYSENTER_CS}, {rdmsr}
	both wrmsr_cs, FLAG_STATUS, 0, lines {mov ecx, SYSENTER_CS}, {mov eax, 0x1230}, {xor edx, edx}, {wrmsr}, {xor eax, eax}, {rdmsr}
	both wrmsr_esp, 0, 0, lines {mov ecx, SYSENTER_CS + 1}, {mov eax, ebx}, {xor edx, edx}, {wrmsr}, {xor eax, eax}, {rdmsr}
	both wrmsr_eip, 0, 0, lines {mov ecx, SYSENTER_CS + 2}, {mov eax, ebx}, {xor edx, edx}, {wrmsr}, {xor eax, eax}, {rdmsr}
	both rdmsr_tsc, 0, 0, lines {mov ecx, TSC}, {rdmsr}, forget
	both sysenter, FLAG_STATUS, 0, sysenter
	both sysexit, 0, 0, sysexit
	both rsm, 0, 0, rsm
	both rdtsc, FLAG_STATUS, 0, lines {rdtsc}, forget
	both rdtsc_with_tsd, FLAG_STATUS, control_with_tsd, lines {rdtsc}, forget
	probe rdpmc_user, RING_3, 0
		xor ecx, ecx
		rdpmc
		over
	both rdpmc_beyond, 0, 0, lines {mov ecx, 77}, {rdpmc}, forget

; ---- the flag, and who may change it ----

	both cli, FLAG_IF | FLAG_STATUS, 0, cli
	both sti, FLAG_STATUS, 0, lines sti, nop
	both cli_iopl_3, FLAG_IF | FLAG_IOPL(3), 0, cli
	both sti_iopl_3, FLAG_IOPL(3), 0, lines sti, nop
	both cli_iopl_2, FLAG_IF | FLAG_IOPL(2), 0, cli
	both sti_iopl_1, FLAG_IOPL(1), 0, lines sti, nop
	both cli_lock, FLAG_IF, 0, db 0xf0, 0xfa
	both sti_prefixes, 0, 0, db 0x66, 0x67, 0x2e, 0xf3, 0xfb, 0x90
	probe hlt_user, RING_3, FLAG_IF
		hlt
		over
	probe hlt_iopl_3_user, RING_3, FLAG_IF | FLAG_IOPL(3)
		hlt
		over

; ---- tables: that ring 3 may not (the guest tables has the rest) ----

	probe lgdt_user, RING_3, 0
		lgdt [table]
		over
	probe lidt_user, RING_3, 0
		lidt [table]
		over
	probe lldt_user, RING_3, 0
		xor eax, eax
		lldt ax
		over
	probe ltr_user, RING_3, 0
		mov eax, KERNEL_TSS
		ltr ax
		over
	both lgdt_register, 0, 0, db 0x0f, 0x01, 0xd0
	both lidt_register, 0, 0, db 0x0f, 0x01, 0xd8

probes_end

section .rodata
machine_status: dw 0xfff5               ; lmsw takes the low four bits only
table:          dw 0xffff
                dd 0
