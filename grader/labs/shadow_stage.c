/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual processor without a running guest: functions of the organ are called from outside, on
 * tables that the judge has written into the guest's memory. So the first of them can be judged
 * before the others are written.
 *
 * The judge's own walk is here too: Intel SDM volume 3A, 4.3 and 4.6 to 4.8, and Bochs for PSE-36.
 */
#include "monitor_layout.h"
#include "shadow_tests.h"

#define RIGHTS          (PTE_RW | PTE_US)
#define LARGE_MASK      (LARGE_PAGE_SIZE - 1)
#define LARGE_HIGH      0x001fe000u
#define LARGE_RSVD      0x00200000u
#define FIRST_FREE      0x00200000u /* behind the guest's kernel */
#define NO_MEMORY       0xffffffffu
#define DIRECT(address) (MONITOR_BASE + (address))

struct stage stage_open(const char *words)
{
	struct guest *guest = guest_open("pagecosts");
	struct stage stage = {.m = boot_several(&(struct boot_guest){guest, words}, 1)};

	run_until(stage.m, monitor_symbol("shadow_control_changed"));
	stage.vcpu = memory_read_u32(stage.m, registers(stage.m)->esp + 4);
	uint32_t vm = memory_read_u32(stage.m, stage.vcpu + VCPU_VM_OFFSET);
	stage.memory = memory_read_u32(stage.m, vm + VM_MEMORY_OFFSET);
	stage.size = memory_read_u32(stage.m, vm + VM_SIZE_OFFSET);
	stage.frames = memory_read_u32(stage.m, vm + VM_FRAMES_OFFSET);
	return stage;
}

static void write_u32(struct machine *m, uint32_t linear, uint32_t value)
{
	memory_write(m, linear, &value, sizeof(value));
}

void stage_control(const struct stage *stage, uint32_t cr0, uint32_t cr3, uint32_t cr4)
{
	write_u32(stage->m, stage->vcpu + VCPU_CR0_OFFSET, cr0);
	write_u32(stage->m, stage->vcpu + VCPU_CR3_OFFSET, cr3);
	write_u32(stage->m, stage->vcpu + VCPU_CR4_OFFSET, cr4);
}

uint32_t stage_frame(const struct stage *stage, uint32_t page)
{
	return stage->memory + page;
}

uint32_t stage_read(const struct stage *stage, uint32_t at)
{
	return at < stage->size ? memory_read_u32(stage->m, DIRECT(stage_frame(stage, at)))
				: NO_MEMORY;
}

void stage_write(const struct stage *stage, uint32_t at, uint32_t entry)
{
	if (at < stage->size)
		write_u32(stage->m, DIRECT(stage_frame(stage, at)), entry);
}

uint32_t random_page(const struct stage *stage)
{
	static uint32_t last;
	uint32_t page;

	do {
		page = FIRST_FREE +
		       random_below((stage->size - FIRST_FREE) / PAGE_SIZE) * PAGE_SIZE;
	} while (page == last);
	return last = page;
}

uint32_t random_linear(void)
{
	return random_u32() % MONITOR_BASE;
}

/* ---- one question ---- */

static bool is_large(const struct question *q)
{
	return q->pde & PTE_PS && q->cr4 & CR4_PSE;
}

void question_pose(const struct stage *stage, struct question *q)
{
	stage_control(stage, q->cr0, q->cr3, q->cr4);
	if (!(q->cr0 & CR0_PG))
		return;
	q->pde_at = (q->cr3 & PTE_FRAME) + (q->linear >> 22) * 4;
	stage_write(stage, q->pde_at, q->pde);
	q->pde = stage_read(stage, q->pde_at);
	if (!(q->pde & PTE_P) || is_large(q))
		return;
	q->pte_at = (q->pde & PTE_FRAME) + (q->linear >> 12 & (TABLE_ENTRIES - 1)) * 4;
	if (q->pte_at != q->pde_at)
		stage_write(stage, q->pte_at, q->pte);
	q->pte = stage_read(stage, q->pte_at);
}

static bool is_allowed(const struct question *q, uint32_t rights)
{
	bool user = q->access & ACCESS_USER, write = q->access & ACCESS_WRITE;

	if (q->access & ACCESS_PEEK)
		return true;
	if (user)
		return rights & PTE_US && (!write || rights & PTE_RW);
	return !write || rights & PTE_RW || !(q->cr0 & CR0_WP);
}

static bool fails(struct walk *walk, uint32_t error)
{
	walk->error = error & (PF_P | PF_WR | PF_US | PF_RSVD);
	return false;
}

bool question_answer(const struct question *q, struct walk *walk, uint32_t *pde, uint32_t *pte)
{
	bool large = is_large(q), peek = q->access & ACCESS_PEEK;
	uint32_t *leaf = large ? pde : pte;

	*walk = (struct walk){
		.page = {q->linear & PTE_FRAME},
		.table = {q->linear & ~LARGE_MASK},
		.large = true,
		.rights = RIGHTS,
		.role = RIGHTS | PTE_D,
		.accessed = true,
		.dirty = true,
	};
	*pde = q->pde;
	*pte = q->pte;
	if (!(q->cr0 & CR0_PG))
		return true;
	if (!(*pde & PTE_P) || (!large && !(*pte & PTE_P)))
		return fails(walk, q->access);
	if (large && *pde & LARGE_RSVD)
		return fails(walk, q->access | PF_P | PF_RSVD);
	walk->rights = *pde & *leaf & RIGHTS;
	if (!is_allowed(q, walk->rights))
		return fails(walk, q->access | PF_P);
	*pde |= peek ? 0 : PTE_A;
	*leaf |= peek ? 0 : PTE_A | (q->access & ACCESS_WRITE ? PTE_D : 0);
	walk->accessed = *pde & *leaf & PTE_A;
	walk->dirty = *leaf & PTE_D;
	walk->large = large;
	walk->role = *pde & RIGHTS;
	walk->table.raw = *pde & (large ? ~LARGE_MASK : PTE_FRAME);
	walk->page.raw = *pte & PTE_FRAME;
	if (!large)
		return true;
	walk->page.raw = walk->table.raw | (q->linear & LARGE_MASK & PTE_FRAME);
	walk->beyond = *pde & LARGE_HIGH;
	walk->role |= *pde & PTE_D;
	return true;
}

const char *question_text(const struct question *q)
{
	static char text[320];
	int length = snprintf(text, sizeof(text),
		"%s %s %s linear %08x, with CR0 %08x, CR3 %08x, CR4 %08x",
		q->access & ACCESS_PEEK ? "with ACCESS_PEEK," : "for a",
		q->access & ACCESS_USER ? "user's" : "kernel's",
		q->access & ACCESS_WRITE ? "write to" : "read of", q->linear, q->cr0, q->cr3,
		q->cr4);

	if (q->cr0 & CR0_PG)
		length += snprintf(text + length, sizeof(text) - (size_t)length,
			", PDE %08x at %08x", q->pde, q->pde_at);
	if (q->pte_at)
		snprintf(text + length, sizeof(text) - (size_t)length, ", PTE %08x at %08x", q->pte,
			q->pte_at);
	return text;
}
