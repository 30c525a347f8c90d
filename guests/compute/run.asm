; SPDX-License-Identifier: BSD-2-Clause
;
; The frame around the computation: two instructions, each run once, with a label for whoever
; counts what happens between them.

extern compute_work
global compute_run
global compute_begin
global compute_end

section .text

; uint32_t compute_run(uint32_t seed, uint32_t rounds)
compute_run:
	push dword [esp + 8]
	push dword [esp + 8]            ; ESP has moved: this is `seed`
compute_begin:
	call compute_work
compute_end:
	add esp, 8
	ret
