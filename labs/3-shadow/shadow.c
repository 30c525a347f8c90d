/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 3, shadow.c: the tables that the processor walks, made from the tables that the guest wrote.
 *
 * The invariant: an entry of the shadow says nothing that the guest's own tables do not say at this
 * moment. It may be missing; then the next access misses, and shadow_miss() puts it there. It may
 * never be old: the pages that hold the guest's tables are write-protected, and shadow_written()
 * takes away what was made from an entry as soon as the guest changes it.
 *
 * shadow.h is the contract. Intel SDM volume 3A: 4.3, 4.6 to 4.8, 4.10.
 */
#include "cpu.h"
#include "vm.h"

#define INDEX_BITS  10u
#define ROOT_LEVEL  2u
#define RIGHTS      (PTE_RW | PTE_US)
#define LARGE_FRAME 0xffc00000u
#define LARGE_HIGH  0x001fe000u /* bits 32 to 39 of a large page's address */
#define LARGE_RSVD  0x00200000u

/* The index into a table of that level: 2 for the page directory, 1 for a page table. */
static inline unsigned table_index(gla_t linear, unsigned level)
{
	return linear.raw >> (12 + INDEX_BITS * (level - 1)) & (TABLE_ENTRIES - 1);
}

/* ---- the walk ---- */

bool guest_walk(struct vcpu *vcpu, gla_t linear, uint32_t access, struct walk *walk)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)linear, (void)access, (void)walk;
	organ_unwritten(__func__);
}

/* ---- misses ---- */

enum shadow_fault shadow_miss(struct vcpu *vcpu, struct page_fault *fault)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)fault;
	organ_unwritten(__func__);
}

/* ---- changes ---- */

void shadow_protect(struct vcpu *vcpu, gpa_t page)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)page;
	organ_unwritten(__func__);
}

void shadow_written(struct vcpu *vcpu, gpa_t at, uint32_t size)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)at, (void)size;
	organ_unwritten(__func__);
}

void shadow_control_changed(struct vcpu *vcpu, uint32_t changed_cr0, uint32_t changed_cr4)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)changed_cr0, (void)changed_cr4;
	organ_unwritten(__func__);
}

void shadow_invalidate(struct vcpu *vcpu, gla_t linear)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)linear;
	organ_unwritten(__func__);
}
