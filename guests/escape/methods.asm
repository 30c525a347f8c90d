; SPDX-License-Identifier: BSD-2-Clause
;
; Every way of writing a doubleword: method_NAME(entry, value) makes the entry that value, with
; whatever else the instruction writes around it. EDI is the entry, EAX the value, EDX what was there.

%include "kernel.inc"

extern kernel_tss

section .text

%macro method 1
	global method_%1
method_%1:
	pusha
	mov edi, [esp + 36]
	mov eax, [esp + 40]
	mov edx, [edi]
%endmacro

%macro done 0
	popa
	ret
%endmacro

; A method of one line.
%macro method_of 2+
	method %1
	%2
	done
%endmacro

method_of mov, mov [edi], eax
method_of xchg, xchg [edi], eax
method_of stosd, stosd

method mov_bytes
	mov [edi], al
	mov [edi + 1], ah
	shr eax, 16
	mov [edi + 2], al
	mov [edi + 3], ah
	done

method mov_words
	mov [edi], ax
	shr eax, 16
	mov [edi + 2], ax
	done

; Across two entries: the next one is not touched but for its low byte, which is 0.
method mov_straddling
	mov [edi], al
	shr eax, 8
	mov [edi + 1], eax
	done

method or_and
	and dword [edi], 0
	or [edi], eax
	done

method xor
	xor eax, edx
	xor [edi], eax
	done

method add
	sub eax, edx
	add [edi], eax
	done

method sub
	sub edx, eax
	sub [edi], edx
	done

method adc
	sub eax, edx
	dec eax
	stc
	adc [edi], eax
	done

method sbb
	sub edx, eax
	dec edx
	stc
	sbb [edi], edx
	done

method xadd
	sub eax, edx
	lock xadd [edi], eax
	done

method cmpxchg
	xchg eax, edx
	lock cmpxchg [edi], edx
	done

; With what is there not being what is expected: nothing is written, or the same once more.
method cmpxchg_in_vain
	mov ecx, eax
	lea eax, [edx + 1]
	cmpxchg [edi], ecx
	mov [edi], ecx
	done

method cmpxchg8b
	mov ebx, eax
	mov eax, edx
	mov edx, [edi + 4]
	mov ecx, edx
	lock cmpxchg8b [edi]
	done

method not_neg
	not eax
	inc eax
	mov [edi], eax
	neg dword [edi]
	not dword [edi]
	not dword [edi]
	done

method inc_dec
	inc eax
	mov [edi], eax
	dec dword [edi]
	dec dword [edi]
	inc dword [edi]
	done

method rotate
	ror eax, 5
	mov [edi], eax
	rol dword [edi], 5
	done

method shift_double
	mov ecx, eax
	shl ecx, 24
	shr eax, 8
	mov [edi], eax
	shld [edi], ecx, 8
	done

method bits
	xor ecx, ecx
.next:
	bt eax, ecx
	jc .set
	btr [edi], ecx
	jmp .more
.set:
	lock bts [edi], ecx
.more:
	inc ecx
	cmp ecx, 32
	jb .next
	done

; By a bit offset from another place.
method bits_from_afar
	mov [edi], eax
	mov ecx, 32 * 4
	btc [edi - 16], ecx
	btc [edi - 16], ecx
	done

method setcc
	mov [edi], eax
	cmp eax, eax
	setz [edi]
	mov [edi], al
	done

method arpl
	mov ecx, eax
	and eax, ~3
	mov [edi], eax
	arpl [edi], cx                  ; the lowest two bits, unless they are 0 or 1
	or [edi], ecx
	done

method stosb
	mov ecx, 4
.next:
	stosb
	shr eax, 8
	loop .next
	done

method stosd_down
	std
	lea edi, [edi + 8]
	mov ecx, 3
.next:
	mov eax, [edi]
	cmp ecx, 1
	jne .store
	mov eax, [esp + 40]
.store:
	stosd
	loop .next
	cld
	done

method movsd
	lea esi, [esp + 40]
	movsd
	done

method rep_movsb
	lea esi, [esp + 40]
	mov ecx, 4
	rep movsb
	done

; The table's own words around it, moved over themselves.
method rep_movsd_around
	mov [edi], eax
	lea esi, [edi - 32]
	mov edi, esi
	mov ecx, 16
	rep movsd
	done

method rep_stosd
	mov ecx, 1
	rep stosd
	done

method pop_memory
	push eax
	pop dword [edi]
	done

%include "methods_stack.inc"
%include "methods_floating.inc"

section .bss align=16
kept: resd 2
resb 256
user_place:
