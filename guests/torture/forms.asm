; SPDX-License-Identifier: BSD-2-Clause
;
; One access each, for ring 0 (.text) and for ring 3 (.user). EDI is the address, ESI that of a
; source, ECX a count, EAX the value, EDX and EBX more of it. forms.c says what each does.

TORTURE_END equ 0x81

%macro form 2-3                         ; name, instruction, instruction
	global FORM_RING %+ _ %+ %1
FORM_RING %+ _ %+ %1:
	%2
%if %0 > 2
	%3
%endif
	int TORTURE_END
%endmacro

section .text
%define FORM_RING kernel
%include "forms.inc"

section .user progbits alloc exec nowrite align=16
%define FORM_RING user
%include "forms.inc"
	form push_register, {push eax}
	form push_constant, {push byte 0x67}
	form call_near, {call $ + 5}
