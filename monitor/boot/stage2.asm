; SPDX-License-Identifier: BSD-2-Clause
;
; Stage 2 of the boot: from a PC in real mode to a Multiboot kernel in protected mode.
;
; The BIOS can read the disk, but only in real mode and only to memory below 1 MiB. The kernel
; belongs above 1 MiB, which only protected mode reaches. So this program lives in both: it reads
; a piece into a buffer with the BIOS, copies it up in protected mode, and goes back for the next.
;
; The order of work, in start below:
;   1. memory.inc    turn on A20, ask the BIOS which memory there is
;   2. disk.inc      read the boot directory: which files, where, how long, their checksums
;   3. disk.inc      read the kernel's file to the top of memory
;   4. kernel.inc    check it, decide where everything goes, copy its segments to their places
;   5. disk.inc      read the modules behind the kernel
;   6. multiboot.inc check them, describe it all to the kernel, enter it
;
; Invariant: nothing is used before it was checked, and a check that fails ends in one message.
; A function that runs in protected mode returns 0 in EAX, or the address of such a message.
;
; Modes: 16-bit code runs in real mode with all segments 0. 32-bit code runs in protected mode
; with flat segments, paging off, interrupts off, and no IDT of its own. Only call_protected in
; switch.inc changes from one to the other and back; kernel_enter changes for good.
; Stack: one for both modes, grows down from 0x7C00. Memory: layout.inc.
; Reading: the Multiboot specification 0.6.96; Intel SDM volume 3, section 9.9, "Mode Switching".

%include "layout.inc"

	bits 16
	org STAGE2_ADDRESS

; The master boot record jumps here: real mode, segments 0, DL the BIOS's number of the drive.
start:
	mov [drive], dl
	call a20_enable
	call memory_map_read
	mov ebx, memory_measure
	call call_protected

	call directory_read
	mov ebx, kernel_place
	call call_protected
	mov si, KERNEL
	mov edi, [kernel_file]
	call file_read
	mov ebx, kernel_load
	call call_protected

	mov si, KERNEL
	mov bp, MODULE_TABLE
.next_module:
	cmp bp, [module_table_end]
	je .enter
	add si, entry_size
	mov edi, [bp + module.start]
	call file_read
	add bp, module_size
	jmp .next_module
.enter:
	mov ebx, kernel_enter
	call call_protected             ; comes back only with a message, which ends the boot

%include "console.inc"
%include "fail.inc"
%include "switch.inc"
%include "memory.inc"
%include "disk.inc"
%include "kernel.inc"
%include "multiboot.inc"

drive: db 0

	times STAGE2_SECTORS * SECTOR_BYTES - 4 - ($ - $$) db 0
	dd STAGE2_MAGIC
