; SPDX-License-Identifier: BSD-2-Clause
;
; The two instructions that reach too far.

global greedy_load
global greedy_store
global greedy_site
global greedy_write_site

section .text

; uint32_t greedy_load(uint32_t address)
greedy_load:
	mov ecx, [esp + 4]
greedy_site:
	mov eax, [ecx]
	ret

; void greedy_store(uint32_t address, uint32_t value)
greedy_store:
	mov ecx, [esp + 4]
	mov eax, [esp + 8]
greedy_write_site:
	mov [ecx], eax
	ret
