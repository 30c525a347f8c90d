; SPDX-License-Identifier: BSD-2-Clause
;
; The firmware of the bare machine, in the image of a guest that calls its firmware (pal.h). Each
; operation is the instruction that it stands for, or what a PC's devices want. Whoever runs the
; guest may have put other firmware in its place.

%include "constants.inc"

PAGE         equ 4096

FLAG_IF      equ 0x200

; A 16550A (data sheet, section 8): 115200 baud, 8 bits, no parity.
COM1         equ 0x3f8
COM1_FCR     equ COM1 + 2
COM1_LCR     equ COM1 + 3
COM1_LSR     equ COM1 + 5
LCR_8N1      equ 0x03
LCR_DLAB     equ 0x80
FCR_ON       equ 0x07
LSR_THRE     equ 0x20                   ; room for a byte

; The 8254's channel 2, which nobody else needs: it goes round all 65536 counts.
PIT_CHANNEL2 equ 0x42
PIT_CONTROL  equ 0x43
CHANNEL2_ALL equ 0xb4                   ; low byte then high byte, mode 2, binary
CHANNEL2_NOW equ 0x80                   ; its count is latched
SPEAKER      equ 0x61
SPEAKER_GATE equ 0x01                   ; the channel counts
SPEAKER_ON   equ 0x02

global pal_code
global pal_data

section .multiboot progbits alloc noexec nowrite align=4
	dd PAL_HEADER_MAGIC
	dd PAL_HEADER_VERSION
	dd -(PAL_HEADER_MAGIC + PAL_HEADER_VERSION)
	dd pal_code
	dd pal_data

; Operation number %1 begins here.
%macro operation 1
	times (%1) * PAL_SLOT - ($ - pal_code) int3
%endmacro

section .text.pal progbits alloc exec nowrite align=4096
pal_code:
	operation PAL_VERSION
	mov eax, PAL_OF_MACHINE + PAL_OPERATIONS
	ret

	operation PAL_FLAGS
	pushf
	pop eax
	ret

	operation PAL_SET_FLAGS
	test dh, FLAG_IF >> 8
	jz .clear
	sti
	ret
.clear:
	cli
	ret

	operation PAL_MASK
	pushf
	pop eax
	cli
	ret

	operation PAL_UNMASK
	sti
	ret

	operation PAL_HALT
	sti
	hlt                             ; no interrupt comes before it
	ret

	operation PAL_SET_CR3
	mov cr3, edx
	ret

	operation PAL_INVALIDATE
	invlpg [edx]
	ret

	operation PAL_UPDATE
	push esi
	push edi
	test ecx, ecx
	jmp update

	operation PAL_TIME
	jmp time

	operation PAL_CONSOLE
	jmp console

	operation PAL_OPERATIONS

; A fault leaves what is left in EDX and ECX; the stack is as it was when the handler returns.
update:
	jz .over
.next:
	mov eax, [edx]                  ; struct pal_update: entry, value, linear
	mov edi, [edx + 4]
	mov esi, [edx + 8]
	mov [eax], edi
	invlpg [esi]
	add edx, PAL_UPDATE_SIZE
	dec ecx
	jnz .next
.over:
	pop edi
	pop esi
	xor eax, eax
	ret

; All that the channel has counted down since the last time is added up.
time:
	pushf
	cli
	cmp byte [time_started], 0
	jne .look
	mov byte [time_started], 1
	in al, SPEAKER
	and al, ~SPEAKER_ON & 0xff
	or al, SPEAKER_GATE
	out SPEAKER, al
	mov al, CHANNEL2_ALL
	out PIT_CONTROL, al
	xor eax, eax
	out PIT_CHANNEL2, al
	out PIT_CHANNEL2, al
.look:
	mov al, CHANNEL2_NOW
	out PIT_CONTROL, al
	in al, PIT_CHANNEL2
	mov ah, al
	in al, PIT_CHANNEL2
	xchg al, ah
	movzx eax, ax
	mov ecx, [time_count]
	mov [time_count], eax
	sub ecx, eax                    ; it counts down
	movzx ecx, cx
	mov eax, [time_low]
	mov edx, [time_high]
	add eax, ecx
	adc edx, 0
	mov [time_low], eax
	mov [time_high], edx
	popf
	ret

; Waits for room before each byte.
console:
	push esi
	cmp byte [console_started], 0
	jne .begin
	mov byte [console_started], 1
	push edx
	mov edx, COM1_LCR
	mov al, LCR_DLAB | LCR_8N1
	out dx, al
	mov edx, COM1
	mov ax, 1                       ; the divisor
	out dx, ax
	mov edx, COM1_LCR
	mov al, LCR_8N1
	out dx, al
	mov edx, COM1_FCR
	mov al, FCR_ON
	out dx, al
	pop edx
.begin:
	jecxz .over
.next:
	movzx esi, byte [edx]
	push edx
	mov edx, COM1_LSR
.wait:
	in al, dx
	test al, LSR_THRE
	jz .wait
	mov eax, esi
	mov edx, COM1
	out dx, al
	pop edx
	inc edx
	dec ecx
	jnz .next
.over:
	pop esi
	xor eax, eax
	ret

	times PAGE - ($ - pal_code) int3

section .bss.pal nobits alloc noexec write align=4096
pal_data:
time_low:     resd 1
time_high:    resd 1
time_count:   resd 1                    ; of the channel, when it was last looked at
time_started: resb 1
console_started: resb 1
	resb PAGE - ($ - pal_data)
