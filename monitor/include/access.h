/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions whose memory operand lies where the guest has no memory, or in a page that is
 * write-protected because one of the guest's tables is in it.
 *
 * The processor has stopped such an instruction with a page fault, and the monitor performs it. Two
 * ways:
 *
 *   At once (access_fast.c, access_string.c): the few forms that page tables and drivers consist
 *   of. The monitor does what the instruction would have done.
 *
 *   By a stand-in (access.c): every other instruction that can touch memory. Each page that it
 *   touches and that has no memory behind it gets a frame for one single step; where the
 *   instruction reads, the frame has what the devices gave. The processor performs the instruction,
 *   with all its flags, faults and registers. What it wrote then goes to the devices. A
 *   write-protected page stands in for itself.
 *
 * Before lab 3 plain/access.c is there instead: there are no devices in memory, and one single step
 * with the page open does for every write.
 */
#ifndef ACCESS_H
#define ACCESS_H

#include "exit.h"
#include "types.h"

struct insn;
struct vcpu;

/* ---- the instruction (access.c) ---- */

/* Performs the instruction at CS:EIP, which page-faulted at `at`: vcpu_page() says PAGE_DEVICE or
 * PAGE_TRACED of it. VERDICT_RESUME: it is done, or begun anew as a single step that step_end()
 * will finish. VERDICT_GUEST_FAULT: another of its accesses faults, and nothing is done. */
enum verdict access_perform(struct vcpu *vcpu, gla_t at, bool write);

/* The step is over. `done`: the instruction was performed, else it was stopped. */
void access_end(struct vcpu *vcpu, bool done);

/* Gives back what access_perform() took. */
void access_destroy(struct vcpu *vcpu);

/* ---- its parts ---- */

/* One stretch of memory that an instruction touches. */
struct access_range {
	gla_t at;
	uint32_t size; /* bytes */
	uint8_t use;   /* enum insn_use (decode.h), or ACCESS_PROBES */
};

/* Checked as a write, and nothing is written: the stack's new end in ENTER. */
#define ACCESS_PROBES 4u

#define ACCESS_RANGES 3

/* All that one instruction touches, in the order in which it does. */
struct access_plan {
	unsigned count;
	struct access_range range[ACCESS_RANGES];
};

/* Which memory the instruction touches, with the registers as they are (access_plan.c). Of a string
 * instruction: the next element. Raises #SS(0) or #GP(0) where a segment does not allow it. */
enum verdict access_plan_make(struct vcpu *vcpu, const struct insn *insn, struct access_plan *plan);

/* The fast ways. False: this is none of their forms, and nothing is done. */
bool access_fast(struct vcpu *vcpu, const struct insn *insn, gla_t at, enum verdict *verdict);
bool access_string(struct vcpu *vcpu, const struct insn *insn, enum verdict *verdict);

/* It is done: EIP goes behind it. */
void access_finish(struct vcpu *vcpu, const struct insn *insn);

/* A page under an instruction that is being stepped. */
struct access_page {
	gla_t page;
	gpa_t physical;
	uint8_t *memory; /* the frame that stands there, in the direct map */
	uint8_t kind;    /* enum page_kind */
};

#define ACCESS_PAGES 8 /* two for each range, and two with the instruction itself */

/* The step that is under way. */
struct access_step {
	unsigned pages; /* 0: none is */
	struct access_page page[ACCESS_PAGES];
	struct access_plan plan;
	maddr_t frames; /* ACCESS_PAGES of them, which stand in for pages; 0: not needed yet */
};

#endif
