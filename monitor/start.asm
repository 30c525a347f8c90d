; SPDX-License-Identifier: BSD-2-Clause
;
; The monitor's first instructions, entered by a Multiboot loader: protected mode, flat
; segments, paging off, running at the machine address where we were loaded (Multiboot 3.2).
;
; The direct map must exist before any C runs, because C is linked at MONITOR_BASE + 1 MiB.
; So: build a page directory of 4 MiB pages (SDM 3A 4.3) that maps machine memory twice, at
; MONITOR_BASE, for ever, and at 0, until we have jumped; turn paging on; jump up; call C.

%include "constants.inc"

PAGE_FLAGS equ PTE_P | PTE_RW | PTE_PS

extern monitor_main
global start
global boot_page_directory
global monitor_stack_top

section .multiboot align=4
	dd MULTIBOOT_HEADER_MAGIC
	dd MULTIBOOT_PAGE_ALIGN | MULTIBOOT_MEMORY_INFO
	dd -(MULTIBOOT_HEADER_MAGIC + (MULTIBOOT_PAGE_ALIGN | MULTIBOOT_MEMORY_INFO))

section .start progbits alloc exec nowrite align=16
start:
	cli
	mov esi, eax                    ; the loader's magic number
	mov edi, ebx                    ; the loader's information structure

	; 4 MiB pages are an option of the processor.
	mov eax, 1
	cpuid
	test edx, CPUID_PSE
	jz no_large_pages

	; boot_page_directory, before paging: its machine address. The loader has zeroed it.
	mov ebx, boot_page_directory - MONITOR_BASE
	mov eax, PAGE_FLAGS
	mov ecx, MACHINE_MEMORY_MAX / LARGE_PAGE_SIZE
	lea edx, [ebx + (MONITOR_BASE / LARGE_PAGE_SIZE) * 4]
.fill:
	mov [edx], eax
	add eax, LARGE_PAGE_SIZE
	add edx, 4
	loop .fill
	mov dword [ebx], PAGE_FLAGS     ; the first 4 MiB also where they are now

	mov eax, cr4
	or eax, CR4_PSE
	mov cr4, eax
	mov cr3, ebx
	mov eax, cr0
	or eax, CR0_PG | CR0_WP
	mov cr0, eax
	mov eax, high
	jmp eax

; Nothing that could print is set up: the first words on the screen must do.
no_large_pages:
	mov esi, .text - MONITOR_BASE
	mov edi, 0xb8000
	mov ah, 0x4f                    ; white on red
.next:
	lodsb
	test al, al
	jz .halt
	stosw
	jmp .next
.halt:
	hlt
	jmp .halt
.text:
	db "Ringfence needs a processor with 4 MiB pages (Pentium or later).", 0

; From here on at the address where we are linked.
high:
	mov esp, monitor_stack_top
	xor ebp, ebp                    ; the end of every backtrace
	push edi
	push esi
	call monitor_main               ; never returns

section .bss align=4096
boot_page_directory:
	resb 4096
	resb 16384                      ; the monitor's only stack
monitor_stack_top:
