; SPDX-License-Identifier: BSD-2-Clause
;
; A Multiboot kernel that writes to COM1 what it was given, one "name=value" a line, and turns the
; machine off. Numbers are hexadecimal. check_image.c reads the lines.
;
; It is a whole ELF file made by hand: nasm -f bin -o mbkernel.elf mbkernel.asm. So a test can ask
; for a kernel that is wrong in one way, with -D and one of these names:

%ifndef LOAD
%define LOAD 0x100000                   ; where it is loaded and runs
%endif
%ifndef VIRTUAL
%define VIRTUAL LOAD                    ; where its program headers say that it is linked
%endif
%ifndef ENTRY
%define ENTRY VIRTUAL + start - LOAD
%endif
%ifndef MACHINE
%define MACHINE 3                       ; EM_386
%endif
%ifndef HEADER_PAGE
%define HEADER_PAGE 0                   ; how many pages lie before the Multiboot header
%endif
%ifndef FLAGS
%define FLAGS 3
%endif
%ifndef PADDING
%define PADDING 0                       ; bytes to make the file longer
%endif
%ifndef FILE_SIZE
%define FILE_SIZE image_end - LOAD      ; p_filesz of the first segment
%endif

; The second segment: a few bytes from the file, then zeros, at odd addresses.
TAIL       equ LOAD + 0x80000 + PADDING
TAIL_FILE  equ tail_end - tail
TAIL_MEM   equ TAIL_FILE + 0x1237

COM1       equ 0x3F8
MAGIC      equ 0x1BADB002

	bits 32
	org LOAD

elf:    db 0x7F, "ELF", 1, 1, 1, 0
	dq 0
	dw 2, MACHINE
	dd 1, ENTRY, headers - elf, 0, 0
	dw 52, 32, 3, 40, 0, 0
headers:
	dd 1, 0, VIRTUAL, LOAD, FILE_SIZE, image_end - LOAD, 5, 4096
	dd 0x6474E551, 0, 0, 0, 0, 0, 6, 4      ; not to be loaded (PT_GNU_STACK)
	dd 1, tail - elf, VIRTUAL + TAIL - LOAD, TAIL, TAIL_FILE, TAIL_MEM, 6, 1

	times HEADER_PAGE * 4096 db 0
	align 4
	dd MAGIC, FLAGS, -(MAGIC + FLAGS)

; Writes a name and a number; changes no register, no flag, and uses the stack it was given.
%macro show 2
	pushfd
	pushad
	push dword %2
	push %%name
	call put_number
	add esp, 8
	popad
	popfd
	jmp %%done
%%name: db %1, "=", 0
%%done:
%endmacro

start:
	mov [registers], eax
	mov [registers + 4], esp
	pushfd
	pop dword [registers + 8]
	call serial_init
	show "eax", [registers]
	show "ebx", ebx
	show "ecx", ecx
	show "edx", edx
	show "esi", esi
	show "edi", edi
	show "ebp", ebp
	show "esp", [registers + 4]
	show "eflags", [registers + 8]
	mov eax, cr0
	show "cr0", eax
	mov eax, cs
	show "cs", eax
	mov eax, ds
	show "ds", eax
	mov eax, es
	show "es", eax
	mov eax, fs
	show "fs", eax
	mov eax, gs
	show "gs", eax
	mov eax, ss
	show "ss", eax
	sgdt [table]
	movzx eax, word [table]
	show "gdt_limit", eax
	mov esi, [table + 2]
	show "gdt_base", esi
	show "null_low", [esi]
	show "null_high", [esi + 4]
	show "code_low", [esi + 8]
	show "code_high", [esi + 12]
	show "data_low", [esi + 16]
	show "data_high", [esi + 20]
	show "flags", [ebx]
	show "mem_lower", [ebx + 4]
	show "mem_upper", [ebx + 8]
	show "boot_device", [ebx + 12]
	show "mmap_addr", [ebx + 48]
	show "mods_addr", [ebx + 24]
	show "cmdline_addr", [ebx + 16]
	mov esi, loader_text
	call puts
	mov esi, [ebx + 64]
	call puts_line
	mov esi, command_text
	call puts
	mov esi, [ebx + 16]
	call puts_line

	mov esi, TAIL                   ; the second segment: its bytes, and is the rest zero?
	mov ecx, TAIL_FILE
	call sum
	show "tail", eax
	mov ecx, TAIL_MEM - TAIL_FILE
	mov edx, 0
.zero:
	or dl, [esi]
	inc esi
	loop .zero
	show "not_zero", edx

	show "modules", [ebx + 20]
	mov edi, [ebx + 24]
	mov ebp, [ebx + 20]
.module:
	test ebp, ebp
	jz .map
	mov esi, module_text
	call puts
	mov esi, [edi + 8]
	call puts_line
	show "start", [edi]
	mov esi, [edi]
	mov ecx, [edi + 4]
	sub ecx, esi
	show "bytes", ecx
	call sum
	show "sum", eax
	add edi, 16
	dec ebp
	jmp .module

.map:
	mov esi, [ebx + 48]
	mov edi, [ebx + 44]
	add edi, esi                    ; the end of the map
.range:
	cmp esi, edi
	jae .end
	show "base", [esi + 4]
	show "length", [esi + 12]
	show "type", [esi + 20]
	add esi, [esi]
	add esi, 4
	jmp .range
.end:
	mov esi, end_text
	call puts
	call serial_drain
	mov esi, shutdown_text          ; Bochs leaves at this
	mov ecx, 8
	mov dx, 0x8900
	rep outsb
	mov al, 0xFE                    ; a reset by the keyboard controller ends qemu -no-reboot
	out 0x64, al
	cli
	hlt

; EAX: the FNV-1a sum of the ECX bytes at ESI, which moves behind them.
sum:
	mov eax, 0x811C9DC5
.next:
	jecxz .done
	xor al, [esi]
	imul eax, eax, 0x01000193
	inc esi
	dec ecx
	jmp .next
.done:
	ret

; Stack: return address, name, number. Writes a line.
put_number:
	mov esi, [esp + 4]
	call puts
	mov ebx, [esp + 8]
	mov ecx, 8
.digit:
	rol ebx, 4
	mov eax, ebx
	and eax, 15
	mov al, [digits + eax]
	call putc
	loop .digit
	mov al, 10
	jmp putc

puts_line:
	call puts
	mov al, 10
	jmp putc

puts.next:
	call putc
puts:
	lodsb
	test al, al
	jnz .next
	ret

putc:
	push edx
	push eax
	mov edx, COM1 + 5
.wait:
	in al, dx
	test al, 0x20
	jz .wait
	pop eax
	mov edx, COM1
	out dx, al
	pop edx
	ret

serial_drain:
	mov edx, COM1 + 5
.wait:
	in al, dx
	test al, 0x40
	jz .wait
	ret

; 115200 baud, 8N1. Changes no register.
serial_init:
	pushad
	mov edx, COM1 + 3
	mov al, 0x80
	out dx, al
	mov edx, COM1
	mov al, 1
	out dx, al
	inc edx
	mov al, 0
	out dx, al
	mov edx, COM1 + 3
	mov al, 3
	out dx, al
	popad
	ret

registers:     dd 0, 0, 0
table:         dw 0, 0, 0
digits:        db "0123456789ABCDEF"
loader_text:   db "loader=", 0
command_text:  db "cmdline=", 0
module_text:   db "module=", 0
end_text:      db "end", 10, 0
shutdown_text: db "Shutdown"

	times PADDING db 0xA5
	times 3 - (($ - $$) & 3) db 0xA5        ; so that the file and its segments end oddly
image_end:
tail:   db "the second segment"
tail_end:
