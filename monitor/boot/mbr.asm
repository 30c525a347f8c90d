; SPDX-License-Identifier: BSD-2-Clause
;
; The first instructions of ours that the machine runs: the master boot record.
;
; The BIOS has read this sector to 0x7C00 and jumped to it in real mode, with the number of its
; drive in DL. One sector is too small for what must be done, so it reads stage 2 from the
; sectors behind it and jumps there. It finds them by number, with the INT 13h extensions: the
; older calls count in cylinders and heads, which every BIOS translates in its own way.
;
; Invariant: the code ends before byte 440. The disk signature and the partition table that
; follow belong to the image tool, which writes them; here they are zero.
;
; Memory: layout.inc. Stack: grows down from 0x7C00, right below this code. Mode: real mode,
; 16-bit code, all segments 0, interrupts on except while the stack is set.
; Reading: the BIOS Enhanced Disk Drive specification, INT 13h functions 41h and 42h.

%include "layout.inc"

	bits 16
	org MBR_ADDRESS

	cli
	xor ax, ax
	mov ss, ax
	mov sp, STACK_TOP
	mov ds, ax
	mov es, ax
	jmp 0:start                     ; some BIOSes come in as 07C0:0000
start:
	sti
	cld
	mov [drive], dl

	mov ah, 0x41                    ; are the extensions there?
	mov bx, 0x55AA
	int 0x13
	jc no_extensions
	cmp bx, 0xAA55
	jne no_extensions
	test cl, 1                      ; bit 0: functions 42h to 44h
	jz no_extensions

	mov ah, 0x42
	mov dl, [drive]
	mov si, packet
	int 0x13
	jc read_error

	cmp dword [STAGE2_ADDRESS + STAGE2_SECTORS * SECTOR_BYTES - 4], STAGE2_MAGIC
	jne no_stage2
	mov dl, [drive]
	jmp STAGE2_ADDRESS

no_extensions:
	mov si, no_extensions_text
	jmp fail
no_stage2:
	mov si, no_stage2_text
	jmp fail

; Each failure ends here or in fail. Here: AH is the status that the BIOS gave.
read_error:
	push ax
	mov si, read_error_text
	call fail_begin
	pop ax
	mov al, ah
	call put_hex_byte
	mov si, read_error_end
	call puts
	jmp halt

; SI: the whole message.
fail:
	call fail_begin
	jmp halt

; Writes the name of the program, then the text at SI.
fail_begin:
	push si
	call serial_init
	mov si, name_text
	call puts
	pop si
	jmp puts

%include "console.inc"

name_text:          db "Ringfence boot: ", 0
no_extensions_text: db "no INT 13h extensions: boot it as a hard disk", 0
no_stage2_text:     db "stage 2 is damaged: write the image again", 0
read_error_text:    db "disk read error: LBA 1, status ", 0
read_error_end:     db ": check the disk", 0

	align 4
packet:
	db 16, 0                        ; bytes in this packet
	dw STAGE2_SECTORS
	dw STAGE2_ADDRESS, 0            ; to offset, segment
	dq STAGE2_LBA

drive: db 0

%if $ - $$ > 440
%error "the master boot record's code reaches into the disk signature"
%endif
	times 510 - ($ - $$) db 0
	dw 0xAA55
