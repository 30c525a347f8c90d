; SPDX-License-Identifier: BSD-2-Clause
;
; What PUSHF pushes, what POPF takes over, and where the waiting interrupt comes in. In a probe with
; REQUEST an interrupt waits for IF: the frame's EIP says behind which instruction it was taken.

%include "probe.inc"

extern flags_request
%define REQUEST flags_request

; name, EFLAGS before, EFLAGS popped: both sizes, and what PUSHF says then, in both sizes
%macro popped 3
	probe popf_%1, RING_0, %2
		push dword %3
		popf
		pushf
		pushfw
		pop bx
		pop ecx
		push dword FLAG_IF              ; TF, NT and AC end here
		popf
		over
	probe popfw_%1, RING_0, %2
		push dword 0x5555
		push word (%3) & 0xffff
		popfw
		pushf
		pushfw
		pop bx
		pop ecx
		pop edx
		push dword FLAG_IF
		popf
		over
%endmacro

probes_begin

	popped none, FLAG_STATUS, 0
	popped status, 0, FLAG_STATUS
	popped if_on, 0, FLAG_IF
	popped if_off, FLAG_IF, 0
	popped if_stays, FLAG_IF, FLAG_IF | FLAG_CF
	popped df, FLAG_IF, FLAG_DF | FLAG_IF
	popped iopl_1, FLAG_IF, FLAG_IOPL(1)
	popped iopl_3, 0, FLAG_IOPL(3) | FLAG_IF
	popped iopl_gone, FLAG_IOPL(3) | FLAG_IF, FLAG_IF
	popped nt, FLAG_IF, FLAG_NT | FLAG_IF
	popped nt_gone, FLAG_NT, FLAG_IF
	popped ac, FLAG_IF, FLAG_AC | FLAG_IF
	popped ac_gone, FLAG_IF | FLAG_AC, FLAG_IF
	popped id, FLAG_IF, FLAG_ID | FLAG_IF
	popped id_gone, FLAG_ID, 0
	popped rf, FLAG_IF, FLAG_RF | FLAG_IF
	popped vm, FLAG_IF, FLAG_VM | FLAG_IF
	popped reserved, FLAG_IF, 0xffc08028 | FLAG_IF
	popped most, 0, FLAG_STATUS | FLAG_DF | FLAG_IF | FLAG_IOPL(2) | FLAG_NT | FLAG_AC | FLAG_ID

	probe pushf_1, RING_0, 0
		pushf
		pop eax
		over
	probe pushf_all, RING_0, FLAG_STATUS | FLAG_IF | FLAG_DF | FLAG_IOPL(3) | FLAG_NT | FLAG_AC | FLAG_ID
		pushf
		pop eax
		pushfw
		pop cx
		over
	probe pushf_rf, RING_0, FLAG_RF | FLAG_IF
		pushf
		pop eax
		over
	probe pushf_status, RING_0, FLAG_IF
		sub eax, eax
		pushf
		inc eax
		pushf
		stc
		pushf
		add eax, 0x7fffffff
		pushf
		pop eax
		pop ebx
		pop ecx
		pop edx
		over
	probe cli_pushf, RING_0, FLAG_IF | FLAG_IOPL(3)
		cli
		pushf
		pop eax
		sti
		pushf
		pop ebx
		over
	probe nest_three, RING_0, FLAG_IF | FLAG_CF
		pushf
		cli
		pushf
		cli
		pushf
		cli
		pushf
		pop eax
		popf
		pushf
		pop ebx
		popf
		pushf
		pop ecx
		popf
		pushf
		pop edx
		over
	probe id_toggles, RING_0, 0             ; how a kernel finds out that it has CPUID
		pushf
		pop eax
		mov ecx, eax
		xor eax, FLAG_ID
		push eax
		popf
		pushf
		pop edx
		push ecx
		popf
		xor edx, ecx
		over
	probe ac_toggles, RING_0, 0             ; and that it is no 386
		pushf
		pop eax
		mov ecx, eax
		xor eax, FLAG_AC
		push eax
		popf
		pushf
		pop edx
		push ecx
		popf
		xor edx, ecx
		over
	probe lahf_sahf, RING_0, FLAG_IF
		mov ah, 0xff
		sahf
		pushf
		pop ecx
		lahf
		over

; ---- the waiting interrupt ----

	probe request_popf, RING_0, 0, REQUEST
		push dword FLAG_IF
		popf                            ; no shadow: it comes here
		inc eax
		inc eax
		over
	probe request_popfw, RING_0, 0, REQUEST
		push word FLAG_IF
		popfw
		inc eax
		over
	probe request_section, RING_0, 0, REQUEST
		pushf
		cli
		inc eax
		popf                            ; IF was 0, and stays
		inc eax
		over
	probe request_section_on, RING_0, 0, REQUEST
		push dword FLAG_IF
		pushf
		cli
		inc eax
		popf
		inc eax
		popf
		inc eax
		over
	probe request_sti_pushf, RING_0, 0, REQUEST
		sti
		pushf
		inc eax
		over
	probe request_sti_popf_off, RING_0, 0, REQUEST
		push dword 0
		sti
		popf                            ; in the shadow: IF was 1 for no moment that counts
		inc eax
		over
	probe request_sti_popf_on, RING_0, 0, REQUEST
		push dword FLAG_IF
		sti
		popf
		inc eax
		over
	probe request_sti_cli, RING_0, 0, REQUEST
		sti
		cli
		pushf
		pop ebx
		sti
		cli
		over
	probe request_sti_mov_cs, RING_0, 0, REQUEST
		sti
		mov eax, cs
		inc eax
		over
	probe request_sti_push_cs, RING_0, 0, REQUEST
		sti
		push cs
		inc eax
		over
	probe request_sti_sidt, RING_0, 0, REQUEST
		sti
		sidt [buffer]
		inc eax
		over
	probe request_sti_hlt, RING_0, 0, REQUEST
		sti
		hlt
		inc eax
		over
	probe request_popf_hlt, RING_0, 0, REQUEST
		push dword FLAG_IF
		popf
		hlt
		over
	probe request_sti_ret, RING_0, 0, REQUEST
		push dword .back
		sti
		ret
.back:
		inc eax
		over
	probe request_sti_jmp, RING_0, 0, REQUEST
		sti
		jmp short .there
.there:
		inc eax
		over
	probe request_sti_iret_off, RING_0, 0, REQUEST
		push dword 0
		push dword KERNEL_CS
		push dword .there
		sti
		iret
.there:
		pushf
		pop ebx
		inc eax
		over
	probe request_sti_iret_on, RING_0, 0, REQUEST
		push dword FLAG_IF
		push dword KERNEL_CS
		push dword .there
		sti
		iret
.there:
		inc eax
		over
	probe request_iret_on, RING_0, 0, REQUEST
		push dword FLAG_IF
		push dword KERNEL_CS
		push dword .there
		iret
.there:
		pushf
		over
	probe request_sti_retf, RING_0, 0, REQUEST
		push dword KERNEL_CS
		push dword .there
		sti
		retf
.there:
		inc eax
		over
	probe request_sti_int, RING_0, 0, REQUEST
		sti
		int PROBE_END
	probe request_sti_int3, RING_0, 0, REQUEST
		sti
		int3
	probe request_sti_sti, RING_0, 0, REQUEST
		sti
		sti
		pushf
		inc eax
		over
	probe request_sti_mov_ss, RING_0, 0, REQUEST
		mov ecx, KERNEL_DS
		sti
		mov ss, ecx
		inc eax
		inc eax
		over
	probe request_popf_mov_ss, RING_0, 0, REQUEST
		mov ecx, KERNEL_DS
		push dword FLAG_IF
		popf
		mov ss, ecx
		inc eax
		over
	probe request_pop_ss_popf, RING_0, 0, REQUEST
		push dword FLAG_IF
		push dword KERNEL_DS
		pop ss
		popf
		inc eax
		over
	probe request_loop, RING_0, 0, REQUEST  ; a run that is entered again and again
		mov ecx, 5
.again:
		pushf
		cli
		inc eax
		popf
		loop .again
		push dword FLAG_IF
		popf
		inc eax
		over
	probe request_popf_branch, RING_0, 0, REQUEST
		push dword FLAG_IF
		popf
		jmp .there
		inc eax
.there:
		inc ebx
		over
	probe request_popf_tf, RING_0, 0, REQUEST
		push dword FLAG_IF | FLAG_TF
		popf
		inc eax
		inc eax
		over
	probe request_long_run, RING_0, 0, REQUEST
		push dword FLAG_IF
		pushf
		pushf
		cli
		popf
		cli
		popf
		popf
		cli
		pushf
		sti
		popf
		over

; ---- ring 3: POPF never changes IF there while IOPL is 0, and must not trap ----

	probe user_pushf, RING_3, FLAG_IF | FLAG_CF
		pushf
		pop eax
		over
	probe user_popf_off, RING_3, FLAG_IF
		push dword FLAG_CF
		popf
		pushf
		pop eax
		over
	probe user_popf_iopl, RING_3, FLAG_IF
		push dword FLAG_IOPL(3)
		popf
		pushf
		pop eax
		over

probes_end

section .bss align=4
buffer: resb 16
