/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One instruction of the guest's, and then the monitor again: a single step with TF (17.3.1.4).
 *
 * It serves two ends: the instruction behind STI, after which a waiting interrupt may come, and a
 * write to a page that is write-protected because the monitor must know of it. Any exit ends the
 * step. Where it came before the instruction was done, nothing is lost: the reason for the step is
 * still there, and leads to another.
 */
#ifndef STEP_H
#define STEP_H

#include "vcpu.h"

/* The guest's next entry is for one instruction. */
void step_begin(struct vcpu *vcpu);

/* The same, and while it lasts a write-protected page is open. `at` is the address of the write. */
void step_begin_write(struct vcpu *vcpu, gla_t at, gpa_t page);

/* The same, with stand-ins in the tables (access.h). No interrupt comes before it is done: the real
 * IF is 0 in it, which no instruction but PUSHF shows. */
void step_begin_access(struct vcpu *vcpu);

/* To be called at every exit while vcpu->stepping. Takes TF away and closes the page. True where
 * the exit was nothing but the end of the step. */
bool step_end(struct vcpu *vcpu, unsigned vector);

#endif
