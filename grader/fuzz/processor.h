/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor of the machine in host.h, as far as a monitor's guest can tell: it executes the
 * instruction at CS:EIP with the segment, privilege, page and gate checks of the Intel SDM, written
 * from the manual and not from the monitor, and traps into vm_exit() where the real one would.
 *
 * Every entry into the guest is checked as IRET in ring 0 checks it, and invariants.c looks at all
 * that must hold then. What does not hold is a finding.
 */
#ifndef PROCESSOR_H
#define PROCESSOR_H

#include "host.h"

/* A descriptor as the processor keeps it (3.4.5), apart from the monitor's struct segment. */
struct loaded {
	bool present, system, code, conforming, readable, writable, expand_down, big;
	unsigned dpl;
	uint32_t base, limit;
};

/* Writes every exit and every instruction to stderr. */
extern bool processor_trace;

/* The first entry into a new guest. */
void processor_start(struct vm *vm);

/* True: the guest is over, and nothing more can be done with it. */
bool processor_ended(const struct vm *vm);

/* The instruction at CS:EIP, with all the exits that it takes until it is done, at most. What is
 * neither a transfer, nor a write to memory, nor privileged, does nothing but to move EIP. */
void processor_execute(struct vm *vm);

/* An exit that comes whatever the instruction is. */
void processor_trap(struct vm *vm, unsigned vector, uint32_t error_code);

/* MOV of a selector into a segment register, but SS and CS: loads it where that is allowed. */
void processor_load_segment(struct vm *vm, enum insn_segment segment, uint16_t selector);

/* A near jump, where the offset is inside the segment. */
void processor_jump(struct vm *vm, uint32_t eip);

/* A write by an instruction that is known to be harmless: where the page is write-protected or not
 * there, nothing happens. */
void processor_poke(struct vm *vm, uint32_t linear, const uint8_t *bytes, uint32_t size);

/* What a selector names in the tables that the processor uses now; false: outside of its table. */
bool processor_find(uint16_t selector, struct loaded *segment);

struct loaded descriptor_take(struct descriptor descriptor);

/* The page-table entry of a linear address in the tables that are in use, or 0. */
uint32_t processor_page(uint32_t linear);

/* Everything that must hold whenever the guest runs (invariants.c). */
void invariants_check(const struct vm *vm);

#endif
