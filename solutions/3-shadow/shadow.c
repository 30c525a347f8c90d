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

/* BEGIN SOLUTION
 */
/* With paging off every address is its own. */
static void walk_flat(gla_t linear, struct walk *walk)
{
	walk->page = gpa(linear.raw & ~PAGE_MASK);
	walk->table = gpa(linear.raw & LARGE_FRAME);
	walk->beyond = false;
	walk->large = true;
	walk->accessed = true;
	walk->dirty = true;
	walk->rights = RIGHTS;
	walk->role = RIGHTS | PTE_D;
}

/* 4.6.1: does what both entries allow together suffice? */
static bool access_allowed(const struct vcpu *vcpu, uint32_t rights, uint32_t access)
{
	if (access & ACCESS_PEEK)
		return true;
	if (access & ACCESS_USER && !(rights & PTE_US))
		return false;
	if (access & ACCESS_WRITE && !(rights & PTE_RW))
		return !(access & ACCESS_USER) && !(vcpu->cr0 & CR0_WP);
	return true;
}

static bool walk_fails(struct walk *walk, uint32_t error)
{
	walk->error = error;
	return false;
}

/* END SOLUTION */

bool guest_walk(struct vcpu *vcpu, gla_t linear, uint32_t access, struct walk *walk)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)linear, (void)access, (void)walk;
	organ_unwritten(__func__);
	*/
	gpa_t table = gpa(vcpu->cr3 & PTE_FRAME), at[ROOT_LEVEL];
	uint32_t entry[ROOT_LEVEL], both = ~0u, used = access & ACCESS_PEEK ? 0 : PTE_A;
	uint32_t dirty = access & ACCESS_WRITE ? PTE_D : 0;
	unsigned level = ROOT_LEVEL;

	if (!(vcpu->cr0 & CR0_PG)) {
		walk_flat(linear, walk);
		return true;
	}
	do {
		level--;
		at[level] = gpa(table.raw + table_index(linear, level + 1) * sizeof(*entry));
		entry[level] = guest_entry_read(vcpu, at[level]);
		if (!(entry[level] & PTE_P))
			return walk_fails(walk, access);
		both &= entry[level];
		walk->table = table;
		walk->large = level && entry[level] & PTE_PS && vcpu->cr4 & CR4_PSE;
		table = gpa(entry[level] & PTE_FRAME);
	} while (level && !walk->large);

	walk->rights = both & RIGHTS;
	if (walk->large && entry[level] & LARGE_RSVD)
		return walk_fails(walk, access | PF_P | PF_RSVD);
	if (!access_allowed(vcpu, walk->rights, access))
		return walk_fails(walk, access | PF_P);
	/* downwards: one entry may serve as both, and D is the last one's */
	if (~both & used || ~entry[level] & dirty)
		for (unsigned i = ROOT_LEVEL; i-- > level;)
			guest_entry_write(vcpu, at[i], entry[i] | used | (i == level ? dirty : 0));
	walk->accessed = (both | used) & PTE_A;
	walk->dirty = (entry[level] | dirty) & PTE_D;
	walk->role = entry[ROOT_LEVEL - 1] & RIGHTS;
	walk->page = table;
	walk->beyond = false;
	if (walk->large) {
		walk->table = gpa(table.raw & LARGE_FRAME);
		walk->page = gpa(walk->table.raw | (linear.raw & ~LARGE_FRAME & ~PAGE_MASK));
		walk->beyond = entry[level] & LARGE_HIGH;
		walk->role |= walk->dirty ? PTE_D : 0;
	}
	return true;
	/* END SOLUTION */
}

/* ---- misses ---- */

/* BEGIN SOLUTION
 */
/* The shadow table for this address, and the root's entry that leads to it. */
static struct shadow_page *table_for(struct vcpu *vcpu, gla_t linear, const struct walk *walk)
{
	enum shadow_kind kind = walk->large ? SHADOW_LARGE : SHADOW_TABLE;
	struct shadow_page *root = vcpu->shadow->root;
	unsigned index = table_index(linear, ROOT_LEVEL);
	struct shadow_page *table = shadow_child(vcpu, root, index);

	if (table && table->kind == kind && table->guest.raw == walk->table.raw &&
		table->role == walk->role)
		return table;
	table = shadow_get(vcpu, kind, walk->table, walk->role);
	shadow_link(vcpu, root, index, table);
	return table;
}

/* What the entry allows. */
static uint32_t entry_rights(uint32_t access, const struct walk *walk, bool traced)
{
	bool write_once = access & ACCESS_WRITE && !(walk->rights & PTE_RW);

	if (traced || !walk->dirty)
		return walk->rights & PTE_US;
	return write_once ? PTE_RW : walk->rights; /* CR0.WP is 0: no user may have this */
}

/* END SOLUTION */

enum shadow_fault shadow_miss(struct vcpu *vcpu, struct page_fault *fault)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)fault;
	organ_unwritten(__func__);
	*/
	struct walk walk;

	if (!guest_walk(vcpu, fault->linear, fault->access, &walk)) {
		fault->error = walk.error;
		return SHADOW_GUEST;
	}
	fault->physical = gpa(walk.page.raw | (fault->linear.raw & PAGE_MASK));
	fault->beyond = walk.beyond;
	if (walk.beyond || !guest_has_memory(vcpu, walk.page))
		return SHADOW_DEVICE;
	/* first the table: it may be that the page itself is a table, and traced from here on */
	struct shadow_page *table = table_for(vcpu, fault->linear, &walk);
	bool traced = shadow_traces(vcpu, walk.page);
	if (traced && fault->access & ACCESS_WRITE)
		return SHADOW_TRACED;
	table->writes = 0;
	shadow_map(vcpu, table, table_index(fault->linear, 1), walk.page,
		entry_rights(fault->access, &walk, traced));
	return SHADOW_FIXED;
	/* END SOLUTION */
}

/* ---- changes ---- */

void shadow_protect(struct vcpu *vcpu, gpa_t page)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)page;
	organ_unwritten(__func__);
	*/
	uint32_t *entry = shadow_first_mapping(vcpu, page);

	for (; entry; entry = shadow_next_mapping(vcpu, entry))
		*entry &= ~PTE_RW;
	shadow_flush(vcpu);
	/* END SOLUTION */
}

/* BEGIN SOLUTION
 */
/* Is this table written more than it is used? The root in use is: each instruction needs it. */
static bool is_burst(struct vcpu *vcpu, struct shadow_page *page, uint32_t size)
{
	if (page == vcpu->shadow->root)
		return false;
	return size > SHADOW_BURST_SIZE || ++page->writes > SHADOW_BURST;
}

/* END SOLUTION */

void shadow_written(struct vcpu *vcpu, gpa_t at, uint32_t size)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)at, (void)size;
	organ_unwritten(__func__);
	*/
	unsigned first = at.raw % PAGE_SIZE / sizeof(uint32_t);
	unsigned last = (at.raw % PAGE_SIZE + size - 1) / sizeof(uint32_t);
	struct shadow_page *page = shadow_next(vcpu, at, NULL), *next;

	for (; page; page = next) {
		next = shadow_next(vcpu, at, page);
		if (is_burst(vcpu, page, size)) {
			shadow_drop(vcpu, page);
			continue;
		}
		for (unsigned i = first; i <= last; i++)
			shadow_clear(vcpu, page, i);
	}
	/* END SOLUTION */
}

void shadow_control_changed(struct vcpu *vcpu, uint32_t changed_cr0, uint32_t changed_cr4)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)changed_cr0, (void)changed_cr4;
	organ_unwritten(__func__);
	*/
	bool paging = vcpu->cr0 & CR0_PG;

	if (changed_cr0 & (CR0_PG | CR0_WP) || changed_cr4 & CR4_PSE || !vcpu->shadow->tracing)
		shadow_drop_all(vcpu);
	shadow_use(vcpu, shadow_get(vcpu, paging ? SHADOW_ROOT : SHADOW_FLAT,
				 gpa(paging ? vcpu->cr3 & PTE_FRAME : 0), 0));
	/* END SOLUTION */
}

void shadow_invalidate(struct vcpu *vcpu, gla_t linear)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)linear;
	organ_unwritten(__func__);
	*/
	unsigned index = table_index(linear, ROOT_LEVEL);
	struct shadow_page *root = vcpu->shadow->root, *table = shadow_child(vcpu, root, index);

	if (table && !vcpu->shadow->tracing) {
		shadow_clear(vcpu, table, table_index(linear, 1));
		shadow_clear(vcpu, root, index);
	}
	page_invalidate(linear);
	/* END SOLUTION */
}
