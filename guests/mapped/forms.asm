; SPDX-License-Identifier: BSD-2-Clause
;
; Every form of instruction that reads or writes memory, once: a probe each in ring 0 and in ring 3,
; with the operand's address in EBX. Each is named by its mnemonic, what it is written with (m memory, r a
; register, i an immediate, their sizes in bits), and what is special.

%include "probe.inc"

extern mapped_data
extern mapped_paged
extern mapped_without_faults
extern mapped_alone

mapped_esp equ mapped_data + 2048       ; for what the forms keep
GOOD       equ mapped_data + 64         ; memory for the other operand

; form NAME, {instruction}, ...
%macro form 2-*
	probe %1, RING_0, 0, 0
%rep %0 - 1
%rotate 1
	%1
%endrep
	over
%rotate 1
	probe %1_user, RING_3, 0, 0
%rep %0 - 1
%rotate 1
	%1
%endrep
	over
%endmacro

; The same in one ring: form_in NAME, ring, preparation, {instruction}, ...
%macro form_in 4-*
	probe %1, %2, 0, %3
%rotate 2
%rep %0 - 3
%rotate 1
	%1
%endrep
	over
%endmacro

%macro kernel_form 2-*
	probe %1, RING_0, 0, 0
%rep %0 - 1
%rotate 1
	%1
%endrep
	over
%endmacro

%macro user_form 2-*
	probe %1_user, RING_3, 0, 0
%rep %0 - 1
%rotate 1
	%1
%endrep
	over
%endmacro

probes_begin

%include "integer.inc"
%include "strings.inc"
%include "stack.inc"
%include "floating.inc"

probes_end
