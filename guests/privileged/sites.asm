; SPDX-License-Identifier: BSD-2-Clause
;
; Every privileged instruction of IA-32, one line each.
;
; Invariant: what is written is what was read before, or what was there anyway, so that the bare
; machine is the same afterwards. Every function keeps all general registers.
;
; Left out: SYSEXIT, which leaves ring 0, and RSM, which is illegal outside system management mode.

%include "segments.inc"

; A port without a device on a PC, and one that an immediate byte can name.
PORT       equ 0x7800
PORT_SHORT equ 0xec

SYSENTER_CS_MSR equ 0x174               ; of every processor since the Pentium II

SITE_LAST equ 1                         ; flags: the processor stops here

; Runs an instruction and enters it into the table:
;       struct privileged_site { uint32_t address, next; char name[24]; uint32_t flags; };
; `next` is the address behind the instruction.
%macro site 2-3 0                       ; name, instruction, flags
%%address:
	%2
%%next:
[section .rodata.sites]
	dd %%address, %%next
%%name:
	db %1
	times 24 - ($ - %%name) db 0
	dd %3
__?SECT?__
%endmacro

global privileged_sites
global privileged_site_count
global privileged_flags
global privileged_ports
global privileged_strings
global privileged_tables
global privileged_control
global privileged_debug
global privileged_caches
global privileged_model
global privileged_counters
global privileged_halt

section .rodata.sites progbits alloc noexec nowrite align=4
privileged_sites:

section .text

; STI lets interrupts in only behind the next instruction (SDM volume 2B, STI). That one is CLI: no
; interrupt arrives.
privileged_flags:
	site "cli", {cli}
	site "sti", {sti}
	site "cli, after sti", {cli}
	ret

privileged_ports:
	pusha
	mov edx, PORT
	site "in al, imm8", {in al, PORT_SHORT}
	site "in ax, imm8", {in ax, PORT_SHORT}
	site "in eax, imm8", {in eax, PORT_SHORT}
	site "in al, dx", {in al, dx}
	site "in ax, dx", {in ax, dx}
	site "in eax, dx", {in eax, dx}
	site "out imm8, al", {out PORT_SHORT, al}
	site "out imm8, ax", {out PORT_SHORT, ax}
	site "out imm8, eax", {out PORT_SHORT, eax}
	site "out dx, al", {out dx, al}
	site "out dx, ax", {out dx, ax}
	site "out dx, eax", {out dx, eax}
	popa
	ret

privileged_strings:
	pusha
	mov edx, PORT
	mov esi, buffer
	mov edi, buffer
	site "insb", {insb}
	site "insw", {insw}
	site "insd", {insd}
	site "outsb", {outsb}
	site "outsw", {outsw}
	site "outsd", {outsd}
	popa
	ret

; The new GDT has the segments in use at the same selectors. The new IDT is empty: nothing that
; would use it happens.
privileged_tables:
	pusha
	mov eax, tss                    ; complete the TSS's descriptor: a linker cannot
	mov [gdt.tss + 2], ax
	shr eax, 16
	mov [gdt.tss + 4], al
	mov [gdt.tss + 7], ah
	xor eax, eax
	mov ecx, TSS_SELECTOR
	site "lgdt", {lgdt [gdt_pointer]}
	site "lidt", {lidt [idt_pointer]}
	site "lldt", {lldt ax}
	site "ltr", {ltr cx}
	popa
	ret

privileged_control:
	pusha
	site "mov eax, cr0", {mov eax, cr0}
	site "mov cr0, eax", {mov cr0, eax}
	site "mov eax, cr2", {mov eax, cr2}
	site "mov cr2, eax", {mov cr2, eax}
	site "mov eax, cr3", {mov eax, cr3}
	site "mov cr3, eax", {mov cr3, eax}
	site "mov eax, cr4", {mov eax, cr4}
	site "mov cr4, eax", {mov cr4, eax}
	smsw ax
	site "lmsw", {lmsw ax}
	site "clts", {clts}
	popa
	ret

privileged_debug:
	pusha
	site "mov eax, dr0", {mov eax, dr0}
	site "mov dr0, eax", {mov dr0, eax}
	site "mov eax, dr1", {mov eax, dr1}
	site "mov dr1, eax", {mov dr1, eax}
	site "mov eax, dr2", {mov eax, dr2}
	site "mov dr2, eax", {mov dr2, eax}
	site "mov eax, dr3", {mov eax, dr3}
	site "mov dr3, eax", {mov dr3, eax}
	site "mov eax, dr6", {mov eax, dr6}
	site "mov dr6, eax", {mov dr6, eax}
	site "mov eax, dr7", {mov eax, dr7}
	site "mov dr7, eax", {mov dr7, eax}
	popa
	ret

; INVD throws away what the caches have not written back yet. Directly after WBINVD that is nothing.
privileged_caches:
	site "invlpg", {invlpg [buffer]}
	site "wbinvd", {wbinvd}
	site "invd", {invd}
	ret

privileged_model:
	pusha
	mov ecx, SYSENTER_CS_MSR
	xor eax, eax
	xor edx, edx
	site "rdmsr", {rdmsr}
	site "wrmsr", {wrmsr}
	popa
	ret

; QEMU has no performance counters, and ends here when it is the bare machine.
privileged_counters:
	pusha
	xor ecx, ecx
	site "rdpmc", {rdpmc}
	popa
	ret

; Interrupts are off: the bare machine stops here for good.
privileged_halt:
	site "hlt", {hlt}, SITE_LAST
	ret

section .rodata.sites
sites_end:

section .rodata align=4
privileged_site_count:
	dd (sites_end - privileged_sites) / 36

TSS_BYTES    equ 104                    ; SDM volume 3A, 7.2.1
TSS_SELECTOR equ 0x18

section .data align=8
gdt:
	dq 0
	descriptor 0, LIMIT_MAX, ACCESS_CODE, FLAT      ; 0x08
	descriptor 0, LIMIT_MAX, ACCESS_DATA, FLAT      ; 0x10
.tss:
	descriptor 0, TSS_BYTES - 1, ACCESS_TSS, 0      ; 0x18; its base is written above
gdt_end:

gdt_pointer:
	dw gdt_end - gdt - 1
	dd gdt

idt_pointer:
	dw 0
	dd 0

section .bss align=8
tss:    resb TSS_BYTES
buffer: resd 1
