/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which of a guest's own descriptors and gates the processor may use without asking.
 *
 * The guest's interrupt flag is virtual, so the monitor must see every instruction that changes it.
 * CLI and STI trap. IRET from ring 1 to ring 3 does not. So there are two states:
 *
 * Open: IF = 1 and IOPL = 0. What the processor shows (its real IF is 1, its IOPL 0) is what the
 * guest believes. A trap gate of the guest's that leaves IF alone, and that its users may pass, is
 * a real gate: a system call and its IRET cost no exit.
 *
 * Closed: anything else. No gate is the guest's, and in ring 1 the code segments of outer rings are
 * hidden, so that a return to them traps.
 *
 * What the processor uses is a copy of the guest's tables. A bare processor reads the tables
 * themselves, so a change must reach the copy at once: the pages that hold them are
 * write-protected, and a write to one is let through by a single step and then taken over (step.h).
 *
 * Before lab 2 the guest has no interrupts: all this is plain/views.c, which does nothing.
 */
#ifndef VIEWS_H
#define VIEWS_H

#include "memory.h"

enum view {
	VIEW_OPEN,
	VIEW_GATES_CLOSED, /* only the gates: in an outer ring, and for a step of the monitor's */
	VIEW_CLOSED,
};

bool views_create(struct vcpu *vcpu);
void views_destroy(struct vcpu *vcpu);

/* This virtual processor's tables are the processor's from here on. */
void views_activate(struct vcpu *vcpu);

/* The view that fits its IF, IOPL and ring. */
static inline enum view views_wanted(const struct vcpu *vcpu, bool viewed)
{
	if (viewed && vcpu_ring(vcpu) == 1) /* no IRET and no INT n is unseen (code.h) */
		return vcpu->stepping ? VIEW_GATES_CLOSED : VIEW_OPEN;
	if (vcpu->virtual_if && vcpu->virtual_iopl == 0)
		return vcpu->stepping ? VIEW_GATES_CLOSED : VIEW_OPEN;
	return vcpu_ring(vcpu) == 1 ? VIEW_CLOSED : VIEW_GATES_CLOSED;
}

void views_load(struct vcpu *vcpu, enum view view);

/* Before the guest goes on: loads the tables of the view that it must have. */
static inline void views_select(struct vcpu *vcpu, bool viewed)
{
	enum view view = views_wanted(vcpu, viewed);

	if (view != vcpu->view)
		views_load(vcpu, view);
}

/* Descriptors `first` to `first + count - 1` of the GDT or LDT have changed. */
void views_descriptors_changed(struct vcpu *vcpu, bool local, uint32_t first, uint32_t count);

/* The IDT or the TSS is another one, or something in it has changed. */
void views_gates_changed(struct vcpu *vcpu, uint32_t first, uint32_t count);
void views_stack_changed(struct vcpu *vcpu);

/* A table register has changed: watches the pages of the guest's tables. */
void views_trace_tables(struct vcpu *vcpu);

/* A write of at most `size` bytes, in one page, to a traced page has happened. */
void views_written(struct vcpu *vcpu, gpa_t at, uint32_t size);

/* The guest's page tables are others now: its descriptor tables may lie elsewhere. */
void views_space_changed(struct vcpu *vcpu);

/* The same for what one page of the guest's address space maps. */
void views_page_changed(struct vcpu *vcpu, gla_t linear);

#endif
