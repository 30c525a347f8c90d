; SPDX-License-Identifier: BSD-2-Clause
;
; The kernel's first instructions, and its last.
;
; A Multiboot loader enters at guest_start (Multiboot 3.2): 32-bit protected mode, flat segments,
; paging and interrupts off, EAX a magic number, EBX the address of its information. There is no
; stack yet.

MULTIBOOT_MAGIC    equ 0x1badb002
MULTIBOOT_FLAGS    equ 3                ; modules on pages; the loader tells the memory's size

BOOT_STACK_BYTES   equ 8192             ; TASK_STACK_SIZE in task.h

UART_LINE_STATUS   equ 0x3fd            ; COM1
TRANSMITTER_EMPTY  equ 0x40             ; the last byte has left
POLLS_MAX          equ 100000

BOCHS_POWER_PORT   equ 0x8900           ; wants the word "Shutdown", byte by byte
QEMU_PM_CONTROL    equ 0x604            ; PM1a_CNT of QEMU's PIIX4, where its BIOS puts it
PM_SLEEP_ENABLE    equ 0x2000           ; with SLP_TYP 0: soft off (ACPI 4.8.3.2.1)

extern kernel_main
global guest_start
global power_off
global guest_done
global boot_stack

section .multiboot progbits alloc noexec nowrite align=4
	dd MULTIBOOT_MAGIC
	dd MULTIBOOT_FLAGS
	dd -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

section .text
guest_start:
	mov esp, boot_stack_top         ; from now on the stack of the idle task
	xor ebp, ebp                    ; the end of every backtrace
	push ebx
	push eax
	call kernel_main                ; (magic, information), never returns

; _Noreturn void power_off(void)
;
; Waits for the serial line, then tries what Bochs and QEMU understand. Where neither is there the
; processor halts for good.
power_off:
guest_done:
	cli
	mov ecx, POLLS_MAX
	mov dx, UART_LINE_STATUS
.wait:
	in al, dx
	test al, TRANSMITTER_EMPTY
	loopz .wait

	mov esi, shutdown_word
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
.halt:
	hlt
	jmp .halt

section .rodata
shutdown_word:
	db "Shutdown", 0

section .bss align=16
boot_stack:
	resb BOOT_STACK_BYTES
boot_stack_top:
