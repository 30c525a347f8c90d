; SPDX-License-Identifier: BSD-2-Clause
;
; The first instructions of every guest, and its last.
;
; A Multiboot loader enters at guest_start (Multiboot 3.2): protected mode, flat segments, paging
; off, EBX at the information structure. No interrupt and no exception is expected: a guest that
; wants either sets up its own tables.

%include "constants.inc"

STACK_BYTES      equ 16384

UART_LSR         equ 0x3fd              ; COM1's line status
LSR_TEMT         equ 0x40               ; transmitter empty: the last byte has left
POLLS_LIMIT      equ 100000

BOCHS_POWER_PORT equ 0x8900             ; wants the word "Shutdown", byte by byte
QEMU_PM_CONTROL  equ 0x604              ; PM1a_CNT of QEMU's PIIX4, where its BIOS puts it
PM_SLEEP_ENABLE  equ 0x2000             ; with SLP_TYP 0: soft off (ACPI 4.8.3.2.1)

extern kernel_main
global guest_start
global power_off
global guest_done

HEADER_FLAGS equ MULTIBOOT_PAGE_ALIGN | MULTIBOOT_MEMORY_INFO

section .multiboot progbits alloc noexec nowrite align=4
	dd MULTIBOOT_HEADER_MAGIC
	dd HEADER_FLAGS
	dd -(MULTIBOOT_HEADER_MAGIC + HEADER_FLAGS)

section .text
guest_start:
	mov esp, stack_top
	xor ebp, ebp                    ; the end of every backtrace
	push ebx
	call kernel_main                ; (address of the information structure)

; _Noreturn void power_off(void)
;
; guest_done is where a guest has done all that it does, on the bare machine and under the monitor
; alike: whoever compares the two compares them there.
power_off:
guest_done:
	mov ecx, POLLS_LIMIT
	mov dx, UART_LSR
.wait:
	in al, dx
	test al, LSR_TEMT
	loopz .wait

	mov esi, .word
	mov dx, BOCHS_POWER_PORT
.next:
	lodsb
	test al, al
	jz .qemu
	out dx, al
	jmp .next
.qemu:
	mov dx, QEMU_PM_CONTROL
	mov ax, PM_SLEEP_ENABLE
	out dx, ax
	cli
.halt:
	hlt
	jmp .halt

.word:
	db "Shutdown", 0

section .bss align=16
	resb STACK_BYTES
stack_top:
