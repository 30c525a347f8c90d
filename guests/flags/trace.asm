; SPDX-License-Identifier: BSD-2-Clause
;
; Code that is stepped through. Each piece begins with TF set and ends with INT TRACE_END. A step is
; taken behind every instruction but those that load SS; INT n and exceptions lead to handlers that
; are not stepped (Intel SDM volume 3A, 17.3.1.4).

%include "kernel.inc"

TRACE_END    equ 0x61
NESTED       equ 0x62                   ; trace.c: its handler only returns
FLAG_CF      equ 1 << 0
FLAG_TF      equ 1 << 8
FLAG_IF      equ 1 << 9

global trace_table
global trace_count
global trace_break_pushf
global trace_break_popf
global trace_break_mov
global trace_break_run
global trace_watched

section .rodata align=4
trace_table:

; name, EFLAGS
%macro piece 2
	section .rodata
	dd piece_%1, %2
	%defstr %%text %1
	%%name: db %%text
	times 24 - ($ - %%name) db 0
	section .text
	piece_%1:
%endmacro
%macro done 0
	int TRACE_END
%endmacro

	piece plain, FLAG_TF
		inc eax
		mov ebx, eax
		add ebx, ecx
		done
	piece pushf, FLAG_TF
		pushf
		pop eax
		pushfw
		pop bx
		push eax
		popf
		inc ecx
		done
	piece section, FLAG_TF | FLAG_IF
		pushf
		cli
		inc eax
		pushf
		cli
		inc ebx
		popf
		popf
		inc ecx
		done
	piece run, FLAG_TF | FLAG_IF
		pushf
		cli
		push cs
		push ss
		pushf
		sti
		popf
		pop ebx
		pop ecx
		popf
		movzx ebx, bx           ; PUSH of a selector writes two bytes of the four
		movzx ecx, cx
		done
	piece switches, FLAG_TF
		sti
		nop
		cli
		sti
		cli
		sti
		sti
		cli
		done
	piece segments, FLAG_TF
		mov eax, cs
		mov ebx, ss
		push cs
		pop ecx
		movzx ecx, cx
		push ds
		pop es
		mov [trace_watched], cs
		str edx
		sldt eax
		smsw eax
		sidt [trace_watched]
		sgdt [trace_watched]
		done
	piece rights, FLAG_TF
		mov ecx, KERNEL_CS
		lar eax, ecx
		jz .good
		inc ebx
.good:
		lsl eax, ecx
		verr cx
		jnz .bad
		verw cx
.bad:
		done
	piece stack_segment, FLAG_TF
		mov eax, KERNEL_DS
		mov ss, eax             ; no step behind this
		pushf
		push eax
		pop ss
		pop ebx
		mov ss, eax
		mov eax, cs
		done
	piece interrupts, FLAG_TF | FLAG_IF
		int NESTED
		pushf
		int NESTED
		pop eax
		int3
		inc eax
		done
	piece iret, FLAG_TF
		push dword FLAG_TF | FLAG_CF
		push dword KERNEL_CS
		push dword .there
		iret
.there:
		pushf
		pop eax
		push dword FLAG_CF
		push dword KERNEL_CS
		push dword .untraced
		iret                    ; TF was set before: the step comes, once more
.untraced:
		inc eax
		pushf
		pop ebx
		done
	piece far, FLAG_TF
		call KERNEL_CS:.function
		jmp KERNEL_CS:.end
.function:
		pushf
		popf
		retf
.end:
		done
	piece clear, FLAG_TF
		inc eax
		push dword FLAG_IF
		popf                    ; the last step
		inc eax
		cli
		inc ebx
		done
	piece set, 0
		inc eax
		push dword FLAG_TF
		popf                    ; no step yet
		inc eax
		pushf
		and dword [esp], ~FLAG_TF
		popf
		inc eax
		done
	piece set_in_section, FLAG_IF
		pushf
		cli
		push dword FLAG_TF
		popf
		nop
		pushf
		pop eax
		popf
		nop
		done
	piece strings, FLAG_TF
		mov esi, strings
		mov edi, trace_watched
		mov ecx, 4
		rep movsb               ; a step for each byte
		std
		pushf
		cld
		popf
		mov ecx, 3
		rep stosb
		cld
		done
	piece branches, FLAG_TF
		mov ecx, 4
.loop:
		pushf
		test cl, 1
		jz .even
		cli
.even:
		popf
		loop .loop
		call .function
		mov eax, .end
		jmp eax
.function:
		pushf
		popf
		ret 0
.end:
		done
	piece prefixes, FLAG_TF
		o16 pushf
		o16 popf
		db 0x2e
		pushf
		db 0x66, 0x66
		mov eax, cs
		pop eax
		db 0x67
		cli
		done
	piece middle, FLAG_TF
		mov ecx, 2
.outer:
		db 0xb8                 ; MOV EAX, imm32
.inner:
		pushf
		pop ebx
		push cs
		pop edx
		movzx edx, dx
		dec ecx
		jz .inner
		js .end
		jmp .outer
.end:
		done
	piece privileged, FLAG_TF
		mov eax, cr0
		mov cr0, eax
		clts
		mov eax, dr7
		in al, 0x21          ; the mask of the master 8259
		pushf
		out 0x80, al
		popf
		invd
		done
	piece written, FLAG_TF
		mov byte [.site], 0x90
		jmp short .site
.site:
		nop
		mov byte [.site], 0x9c  ; PUSHF, in the same piece, stepped as well
		jmp short .again
.again:
		cmp byte [.site], 0x90
		xor byte [.other], 0x01 ; CLI and STI by turns
		jmp short .other
.other:
		cli
		pushf
		pop eax
		done

; ---- no TF: breakpoints on instructions, and on what PUSHF writes ----

	piece break_pushf, FLAG_IF
		nop
trace_break_pushf:
		pushf
		pop eax
		done
	piece break_popf, 0
		push dword FLAG_IF
trace_break_popf:
		popf
		pushf
		pop eax
		done
	piece break_mov, 0
		inc eax
trace_break_mov:
		mov eax, cs
		inc eax
		done
	piece break_run, FLAG_IF
		pushf
		cli
trace_break_run:
		pushf
		cli
		pop ecx
		popf
		done
	piece watch, FLAG_IF
		push dword FLAG_CF | FLAG_IF
		mov ebx, esp
		mov esp, trace_watched + 4
		pushf                   ; written: a step behind it
		mov [trace_watched], cs
		push ss
		mov esp, ebx
		popf
		sidt [trace_watched + 2]
		smsw [trace_watched]
		str [trace_watched]
		sldt [trace_watched]
		done

section .rodata
trace_count: dd ($ - trace_table) / 32

section .data align=4
strings: db "abcd"

section .bss align=4
	resb 4096                       ; the handler's stack, when PUSHF has hit the breakpoint
trace_watched:
	resd 4
