/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The auditor from outside: shadow_audit.h has the idea. Intel SDM volume 3A, 4.3 and 4.6 to 4.8.
 *
 * What the guest believes of CR0, CR3 and CR4, and where its memory is, is read from the chassis's
 * own structures. Whatever these say, no entry may lead anywhere but into the memory that this
 * guest was given, which is one piece, and the text screen.
 */
#include "shadow_audit.h"

#include "layout.h"
#include "monitor_layout.h"
#include "shared.h"
#include "x86.h"

#include <check.h>
#include <stdlib.h>

#define LOOKS        2000u
#define NEAR         200u  /* looks with few instructions between them; then it is no usual exit */
#define STRIDE       7u    /* instructions */
#define FAR          5000u /* a report of a guest that is ended takes some 100,000 */
#define SCREEN_START 0xb8000u
#define SCREEN_END   0xc0000u
#define LARGE_RSVD   0x00200000u
#define LARGE_HIGH   0x001fe000u

typedef uint32_t table_t[TABLE_ENTRIES];

/* The guest, as it is while the machine stands still. */
struct audited {
	struct machine *m;
	uint32_t cr0, cr3, cr4;
	uint32_t memory, size; /* machine address and bytes */
	uint32_t *frames;      /* guest-physical page -> machine address */
	unsigned entries;
};

static bool guest_runs(struct machine *m)
{
	uint8_t stepping;

	if (cpl(m) == 0)
		return false;
	/* a single step of the monitor's own opens a page for one instruction: it is over first */
	memory_read(m, running_vcpu(m) + VCPU_STEPPING_OFFSET, &stepping, sizeof(stepping));
	return !stepping;
}

bool audit_reach_guest(struct machine *m, uint32_t end)
{
	for (unsigned i = 0; i < LOOKS; i++) {
		if (guest_runs(m))
			return true;
		if (run_until_or_for(m, end, i < NEAR ? STRIDE : FAR))
			return false;
	}
	ck_abort_msg("the guest does not get on: for %u instructions the monitor has been at work",
		LOOKS * FAR);
}

static struct audited audited_take(struct machine *m)
{
	uint32_t vcpu = running_vcpu(m), vm = memory_read_u32(m, vcpu + VCPU_VM_OFFSET);
	struct audited a = {
		.m = m,
		.cr0 = memory_read_u32(m, vcpu + VCPU_CR0_OFFSET),
		.cr3 = memory_read_u32(m, vcpu + VCPU_CR3_OFFSET),
		.cr4 = memory_read_u32(m, vcpu + VCPU_CR4_OFFSET),
		.memory = memory_read_u32(m, vm + VM_MEMORY_OFFSET),
		.size = memory_read_u32(m, vm + VM_SIZE_OFFSET),
	};

	ck_assert_msg(a.size && a.size <= MACHINE_MEMORY_MAX,
		"the running guest has %u bytes of memory, as its struct vm says", a.size);
	a.frames = malloc(a.size / PAGE_SIZE * sizeof(*a.frames));
	ck_assert_ptr_nonnull(a.frames);
	memory_read(m, memory_read_u32(m, vm + VM_FRAMES_OFFSET), a.frames,
		a.size / PAGE_SIZE * sizeof(*a.frames));
	return a;
}

/* Where a page of the guest's is in the machine; 0: it has none there. */
static uint32_t frame_of(const struct audited *a, uint32_t page)
{
	return page < a->size ? a->frames[page / PAGE_SIZE] & PTE_FRAME : 0;
}

/* A table of the guest's: all ones where there is no memory. */
static void guest_table(const struct audited *a, uint32_t page, table_t table)
{
	uint32_t frame = frame_of(a, page);

	if (frame)
		machine_memory_read(a->m, frame, table, sizeof(table_t));
	else
		memset(table, 0xff, sizeof(table_t));
}

/* What the guest's tables say of one page. */
struct own {
	uint32_t page, rights;
	bool present, accessed, dirty;
};

static struct own own_of(
	const struct audited *a, uint32_t directory, const table_t table, uint32_t linear)
{
	struct own own = {.page = linear, .rights = PTE_RW | PTE_US};

	own.present = own.accessed = own.dirty = true;
	if (!(a->cr0 & CR0_PG))
		return own;
	own.rights &= directory;
	own.present = directory & PTE_P;
	own.accessed = directory & PTE_A;
	if (directory & PTE_PS && a->cr4 & CR4_PSE) {
		own.present = own.present && !(directory & (LARGE_RSVD | LARGE_HIGH));
		own.page = (directory & ~(LARGE_PAGE_SIZE - 1)) |
			   (linear & (LARGE_PAGE_SIZE - 1) & PTE_FRAME);
		own.dirty = directory & PTE_D;
		return own;
	}
	uint32_t entry = table[linear / PAGE_SIZE % TABLE_ENTRIES];
	own.rights &= entry;
	own.present = own.present && entry & PTE_P;
	own.accessed = own.accessed && entry & PTE_A;
	own.dirty = entry & PTE_D;
	own.page = entry & PTE_FRAME;
	return own;
}

static const char *problem_of(
	const struct audited *a, struct own own, uint32_t rights, uint32_t entry)
{
	uint32_t frame = entry & PTE_FRAME;
	bool screen = frame >= SCREEN_START && frame < SCREEN_END;

	rights &= entry;
	if (!screen && (frame < a->memory || frame - a->memory >= a->size))
		return "leads out of the memory that the guest was given";
	if (!own.present)
		return "is present, and the guest's own tables have nothing there";
	if (frame != frame_of(a, own.page))
		return "leads to another page than the guest's own tables";
	if (!own.accessed)
		return "is present, and an A bit of the guest's is clear: the next access will not set it";
	if (rights & PTE_US && !(own.rights & PTE_US))
		return "lets ring 3 in, and the guest's own tables do not";
	if (!(rights & PTE_RW))
		return NULL;
	if (!(own.rights & PTE_RW) && (a->cr0 & CR0_WP || rights & PTE_US))
		return "may be written, and by the guest's own tables may not";
	if (!own.dirty)
		return "may be written, and the guest's D bit is clear: the next write will not set it";
	return NULL;
}

static void audit_table(struct audited *a, uint32_t index, uint32_t real, uint32_t directory)
{
	table_t shadow, table;

	ck_assert_msg(!(real & PTE_PS),
		"entry %u of the real page directory maps 4 MiB at once: %08x", index, real);
	machine_memory_read(a->m, real & PTE_FRAME, shadow, sizeof(shadow));
	guest_table(a, directory & PTE_FRAME, table);
	for (uint32_t i = 0; i < TABLE_ENTRIES; i++) {
		uint32_t linear = index * LARGE_PAGE_SIZE + i * PAGE_SIZE;
		if (!(shadow[i] & PTE_P))
			continue;
		a->entries++;
		struct own own = own_of(a, directory, table, linear);
		const char *problem = problem_of(a, own, real, shadow[i]);
		ck_assert_msg(!problem,
			"after %llu instructions the entry for linear %08x that the processor uses %s. "
			"It is %08x in a table under %08x; the guest's own are %08x under %08x (CR3 %08x, CR0 %08x)",
			(unsigned long long)ticks(a->m), linear, problem, shadow[i], real, table[i],
			directory, a->cr3, a->cr0);
	}
}

unsigned audit_from_outside(struct machine *m)
{
	if (!audit_reach_guest(m, monitor_symbol("vm_end")))
		return 0;
	struct audited a = audited_take(m);
	table_t real, own, monitors;
	uint32_t first = MONITOR_BASE / LARGE_PAGE_SIZE;

	machine_memory_read(m, registers(m)->cr3 & PTE_FRAME, real, sizeof(real));
	memory_read(m, monitor_symbol("boot_page_directory"), monitors, sizeof(monitors));
	guest_table(&a, a.cr3 & PTE_FRAME, own);
	for (uint32_t i = 0; i < first; i++)
		if (real[i] & PTE_P)
			audit_table(&a, i, real[i], own[i]);
	for (uint32_t i = first; i < TABLE_ENTRIES; i++)
		ck_assert_msg(((real[i] ^ monitors[i]) & ~(PTE_A | PTE_D)) == 0,
			"entry %u of the real page directory is the monitor's own: it was %08x, and is %08x",
			i, monitors[i], real[i]);
	free(a.frames);
	return a.entries;
}
