/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 3, graded tests of shadow_miss(): it is called from outside, on tables drawn from the seed.
 * What it says must be right, and what is in the shadow then; nothing is traced (trace=0) but
 * where the test itself says so.
 */
#include "monitor_layout.h"
#include "shadow_tests.h"

#define PAGED   (CR0_PE | CR0_ET | CR0_PG)
#define ALLOWED (PTE_P | PTE_RW | PTE_US)
#define RIGHTS  (PTE_RW | PTE_US)
#define CASES   20
#define TRACED  1u /* a flag of vm->frames: a descriptor table lies in the page */

static const char *const names[] = {
	"SHADOW_FIXED", "SHADOW_GUEST", "SHADOW_TRACED", "SHADOW_DEVICE"};

/* A stage with a root for this CR3, which the processor is to walk. */
static uint32_t root_make(const struct stage *stage, uint32_t cr3)
{
	uint32_t root = (uint32_t)call(
		stage->m, "shadow_get", (uint32_t[]){stage->vcpu, SHADOW_ROOT, cr3, 0}, 4);

	call(stage->m, "shadow_use", (uint32_t[]){stage->vcpu, root}, 2);
	return memory_read_u32(stage->m, root + SHADOW_ENTRY_OFFSET);
}

struct miss {
	struct question q;
	struct page_fault fault; /* as the organ left it */
	uint32_t kind;
};

static struct miss miss(const struct stage *stage, struct question q)
{
	uint32_t scratch = call_scratch(stage->m);
	struct miss miss = {.fault = {.linear = {q.linear}, .access = q.access}};

	question_pose(stage, &q);
	miss.q = q;
	memory_write(stage->m, scratch, &miss.fault, sizeof(miss.fault));
	miss.kind = (uint32_t)call(stage->m, "shadow_miss", (uint32_t[]){stage->vcpu, scratch}, 2);
	memory_read(stage->m, scratch, &miss.fault, sizeof(miss.fault));
	return miss;
}

static void assert_kind(const struct miss *miss, uint32_t kind)
{
	ck_assert_msg(miss->kind == kind, "shadow_miss() %s: it says %s, and must say %s",
		question_text(&miss->q), miss->kind < 4 ? names[miss->kind] : "something else",
		names[kind]);
}

/* What the processor finds: 0 where nothing is. */
static uint32_t shadow_entry(const struct stage *stage, uint32_t root, uint32_t linear)
{
	uint32_t entry = memory_read_u32(stage->m, root + (linear >> 22) * 4);

	if (!(entry & PTE_P))
		return 0;
	ck_assert_msg((entry & RIGHTS) == RIGHTS && !(entry & PTE_PS),
		"the shadow's page-directory entry for linear %08x is %08x: R/W and U/S must be set, PS must not",
		linear, entry);
	uint32_t table = MONITOR_BASE + (entry & PTE_FRAME);
	entry = memory_read_u32(stage->m, table + (linear >> 12 & (TABLE_ENTRIES - 1)) * 4);
	return entry & PTE_P ? entry : 0;
}

/* R/W and U/S of the entry that a miss leaves. */
static uint32_t rights_wanted(const struct question *q, const struct walk *walk, bool traced)
{
	bool once = q->access & ACCESS_WRITE && !(walk->rights & PTE_RW);

	if (traced || !walk->dirty)
		return walk->rights & PTE_US;
	return once ? PTE_RW : walk->rights;
}

static void assert_filled(
	const struct stage *stage, uint32_t root, const struct miss *miss, bool traced)
{
	const struct question *q = &miss->q;
	uint32_t pde, pte, got = shadow_entry(stage, root, q->linear);
	struct walk walk;

	if (!question_answer(q, &walk, &pde, &pte))
		infrastructure_error(
			"a case of shadow_miss() is not allowed: %s", question_text(q));
	uint32_t want = stage_frame(stage, walk.page.raw) | PTE_P | rights_wanted(q, &walk, traced);
	ck_assert_msg(got, "shadow_miss() %s: it says SHADOW_FIXED, and the shadow has no entry",
		question_text(q));
	ck_assert_msg((got & (PTE_FRAME | ALLOWED)) == want,
		"shadow_miss() %s%s: the shadow's entry must be %08x, and is %08x (guest-physical %08x is at %08x of the machine)",
		question_text(q), traced ? ", in a page that is traced" : "", want, got,
		walk.page.raw, stage_frame(stage, walk.page.raw));
}

static struct question random_question(const struct stage *stage, uint32_t cr3)
{
	static const uint32_t accesses[] = {
		ACCESS_READ, ACCESS_WRITE, ACCESS_USER, ACCESS_USER | ACCESS_WRITE};

	return (struct question){
		.cr0 = PAGED | CR0_WP,
		.cr3 = cr3,
		.linear = random_linear(),
		.access = accesses[random_below(4)],
		.pde = random_page(stage) | ALLOWED,
		.pte = random_page(stage) | ALLOWED | (random_u32() & (PTE_A | PTE_D)),
	};
}

static void assert_fixes(const struct stage *stage, uint32_t root, struct question q)
{
	struct miss done = miss(stage, q);

	assert_kind(&done, SHADOW_FIXED);
	assert_filled(stage, root, &done, false);
}

/* No more than the guest's own two entries allow, as they are now. */
static void assert_no_more(const struct stage *stage, uint32_t root, uint32_t linear, uint32_t pde)
{
	uint32_t at = (pde & PTE_FRAME) + (linear >> 12 & (TABLE_ENTRIES - 1)) * 4;
	uint32_t pte = stage_read(stage, at), entry = shadow_entry(stage, root, linear);

	ck_assert_msg(!entry || (pte & PTE_P && !(entry & RIGHTS & ~(pde & pte))),
		"the page-directory entry of linear %08x is %08x now, its page-table entry %08x, and the shadow's entry is still %08x",
		linear, pde, pte, entry);
}

START_TEST(a_miss_fills_one_entry)
{
	struct stage stage = stage_open("mem=4 trace=0");
	uint32_t cr3 = random_page(&stage), root = root_make(&stage, cr3);
	struct question q;

	hint("R/W in the shadow only where D is set: else the first write would go by unseen. shadow_map() takes a guest-physical page.");
	for (int i = 0; i < CASES; i++)
		assert_fixes(&stage, root, random_question(&stage, cr3));
	hint("The entry has what the guest's two entries allow together, and its page-directory entry in the shadow allows everything.");
	for (int i = 0; i < CASES; i++) {
		q = random_question(&stage, cr3);
		q.access = i % 2 ? ACCESS_READ : ACCESS_WRITE;
		q.pde &= ~(i % 2 ? RIGHTS & random_u32() : PTE_US & random_u32());
		q.pte &= ~(i % 2 ? RIGHTS & random_u32() : PTE_US & random_u32());
		q.pte |= PTE_D;
		assert_fixes(&stage, root, q);
	}
	hint("Where CR0.WP is 0 a kernel writes a read-only page: the entry has R/W, and no U/S, or users could write it too.");
	for (int i = 0; i < CASES / 4; i++) {
		q = random_question(&stage, cr3);
		q.cr0 &= ~CR0_WP;
		q.access = ACCESS_WRITE;
		*(i % 2 ? &q.pde : &q.pte) &= ~PTE_RW;
		assert_fixes(&stage, root, q);
	}
	hint("A large page is shadowed by 4 KiB entries, in a shadow page of kind SHADOW_LARGE.");
	for (int i = 0; i < CASES / 2; i++) {
		q = random_question(&stage, cr3);
		q.cr4 = CR4_PSE;
		q.pde = PTE_PS | ALLOWED | (random_u32() & PTE_D); /* the first 4 MiB */
		q.linear = (q.linear & ~0x3ff000u) | (random_page(&stage) & 0x3ff000);
		assert_fixes(&stage, root, q);
	}
	hint("One address twice: the guest has changed the page-directory entry's rights, or made it name another table. The shadow table that was linked there is not the right one any more.");
	for (int i = 0; i < CASES / 2; i++) {
		q = random_question(&stage, cr3);
		q.access = ACCESS_READ;
		assert_fixes(&stage, root, q);
		q.pde = i % 2 ? q.pde & ~(i % 4 == 1 ? PTE_RW : PTE_US)
			      : random_page(&stage) | ALLOWED;
		assert_fixes(&stage, root, q);
	}
	hint("Another page of the same 4 MiB, after the page-directory entry has changed: what the shadow table of another role, or of another page table, allows must be out of reach.");
	for (int i = 0; i < CASES / 4; i++) {
		q = random_question(&stage, cr3);
		q.access = ACCESS_READ;
		q.pte |= PTE_D;
		assert_fixes(&stage, root, q);
		uint32_t first = q.linear;
		q.linear ^= 1u << (12 + random_below(10));
		q.pde = i % 3 == 2 ? random_page(&stage) | ALLOWED
				   : q.pde & ~(i % 3 ? PTE_RW : PTE_US);
		assert_fixes(&stage, root, q);
		assert_no_more(&stage, root, first, q.pde);
	}
	hint("The page table at page 0 has become a large page at 0: kind, page and role say together which shadow table is the right one.");
	for (int i = 0; i < CASES / 4; i++) {
		q = random_question(&stage, cr3);
		q.access = ACCESS_READ;
		q.linear |= 0x00200000; /* far from the screen in the large page */
		q.pde = ALLOWED;
		assert_fixes(&stage, root, q);
		uint32_t first = q.linear;
		q.linear ^= 1u << (12 + random_below(9));
		q.cr4 = CR4_PSE;
		q.pde = ALLOWED | PTE_PS;
		assert_fixes(&stage, root, q);
		uint32_t entry = shadow_entry(&stage, root, first);
		ck_assert_msg(!entry,
			"linear %08x was led to by a page table, which is a large page now, and the shadow's entry is still %08x",
			first, entry);
	}
}
END_TEST

static void assert_nothing_there(const struct stage *stage, uint32_t root, const struct miss *miss)
{
	uint32_t entry = shadow_entry(stage, root, miss->q.linear);

	ck_assert_msg(!entry, "shadow_miss() %s: it says %s, and the shadow has an entry: %08x",
		question_text(&miss->q), names[miss->kind], entry);
}

static void assert_guests(const struct stage *stage, uint32_t root, struct question q)
{
	struct miss done = miss(stage, q);
	uint32_t pde, pte;
	struct walk walk;

	question_answer(&done.q, &walk, &pde, &pte);
	assert_kind(&done, SHADOW_GUEST);
	ck_assert_msg(done.fault.error == walk.error,
		"shadow_miss() %s: the error code must be %x, and is %x", question_text(&done.q),
		walk.error, done.fault.error);
	assert_nothing_there(stage, root, &done);
}

static void assert_device(const struct stage *stage, uint32_t root, struct question q)
{
	struct miss done = miss(stage, q);
	uint32_t pde, pte;
	struct walk walk;

	question_answer(&done.q, &walk, &pde, &pte);
	assert_kind(&done, SHADOW_DEVICE);
	uint32_t physical = walk.page.raw | (q.linear & PAGE_MASK);
	ck_assert_msg(done.fault.physical.raw == physical && done.fault.beyond == walk.beyond,
		"shadow_miss() %s: the byte lies at guest-physical %08x%s; fault.physical is %08x, fault.beyond %u",
		question_text(&done.q), physical, walk.beyond ? " beyond 4 GiB" : "",
		done.fault.physical.raw, done.fault.beyond);
	assert_nothing_there(stage, root, &done);
}

static void trace(const struct stage *stage, uint32_t page)
{
	uint32_t at = stage->frames + page / PAGE_SIZE * 4;
	uint32_t frame = memory_read_u32(stage->m, at) | TRACED;

	memory_write(stage->m, at, &frame, sizeof(frame));
}

static void assert_traced(const struct stage *stage, uint32_t root, struct question q)
{
	bool write = q.access & ACCESS_WRITE;
	struct miss done = miss(stage, q);
	uint32_t physical = (q.pte & PTE_FRAME) | (q.linear & PAGE_MASK);

	assert_kind(&done, write ? SHADOW_TRACED : SHADOW_FIXED);
	uint32_t entry = shadow_entry(stage, root, q.linear);
	ck_assert_msg(!(entry & PTE_RW),
		"shadow_miss() %s: the page is traced, and the shadow's entry is %08x",
		question_text(&done.q), entry);
	if (!write)
		assert_filled(stage, root, &done, true);
	ck_assert_msg(!write || done.fault.physical.raw == physical,
		"shadow_miss() %s: the byte lies at guest-physical %08x, and fault.physical is %08x",
		question_text(&done.q), physical, done.fault.physical.raw);
}

START_TEST(a_miss_says_whose_business_it_is)
{
	struct stage stage = stage_open("mem=4 trace=0");
	uint32_t cr3 = random_page(&stage), root = root_make(&stage, cr3);
	struct question q;

	hint("What the guest's own tables do not allow is the guest's: SHADOW_GUEST, with the walk's error code, and nothing is filled.");
	for (int i = 0; i < CASES / 2; i++) {
		q = random_question(&stage, cr3);
		q.access = ACCESS_USER | ACCESS_WRITE;
		*(i % 2 ? &q.pde : &q.pte) &= i % 3 ? i % 3 == 1 ? ~PTE_US : ~PTE_RW : ~PTE_P;
		assert_guests(&stage, root, q);
	}
	hint("A page behind which the guest has no memory is SHADOW_DEVICE, with the byte's own address. The memory of the machine does not count: guest_has_memory().");
	for (int i = 0; i < CASES / 2; i++) {
		q = random_question(&stage, cr3);
		q.pte = (stage.size + (random_u32() & (i % 2 ? 0x00fff000 : 0x7ffff000))) | ALLOWED;
		if (i % 5 == 0) {
			q.cr4 = CR4_PSE;
			q.pde = PTE_PS | ALLOWED | 1u << (13 + random_below(8));
		}
		assert_device(&stage, root, q);
	}
	hint("A write to a page that is traced is SHADOW_TRACED, and its entry must not be writable. It may be read.");
	for (int i = 0; i < CASES / 2; i++) {
		q = random_question(&stage, cr3);
		q.pte |= PTE_D;
		q.access = (q.access & ~ACCESS_WRITE) | (i % 2 ? ACCESS_WRITE : 0);
		trace(&stage, q.pte & PTE_FRAME);
		assert_traced(&stage, root, q);
	}
	machine_end(stage.m);

	stage = stage_open("mem=4");
	root = root_make(&stage, cr3);
	hint("A page may be the page table by which it is reached, and no shadow was made of it before: shadow_get() makes it traced. Ask shadow_traces() after it.");
	for (int i = 0; i < CASES / 4; i++) {
		q = random_question(&stage, cr3);
		q.pte = (q.pde & PTE_FRAME) | ALLOWED | PTE_D;
		q.access = (q.access & ~ACCESS_WRITE) | (i % 2 ? ACCESS_WRITE : 0);
		assert_traced(&stage, root, q);
	}
}
END_TEST

START_TEST(without_tracing_invlpg_forgets_the_page)
{
	struct stage stage = stage_open("mem=4 trace=0");
	uint32_t cr3 = random_page(&stage), root = root_make(&stage, cr3);

	hint("Where vcpu->shadow->tracing is false nobody told of a change. The entry in the shadow table goes, also where the way to it goes too: the next miss beside it brings that back.");
	for (int i = 0; i < CASES / 2; i++) {
		struct question q = random_question(&stage, cr3), beside = q;
		q.access = beside.access = ACCESS_READ;
		beside.linear ^= 1u << (12 + random_below(10));
		assert_fixes(&stage, root, q);
		q.pte &= ~PTE_P;
		question_pose(&stage, &q);
		call(stage.m, "shadow_invalidate", (uint32_t[]){stage.vcpu, q.linear}, 2);
		assert_fixes(&stage, root, beside);
		uint32_t entry = shadow_entry(&stage, root, q.linear);
		ck_assert_msg(!entry,
			"the page-table entry of linear %08x is %08x now, and INVLPG was executed; the shadow's entry is still %08x",
			q.linear, q.pte, entry);
	}
}
END_TEST

const struct graded_test shadow_miss_tests[] = {
	{&a_miss_fills_one_entry, EQUIVALENCE, 3, NULL},
	{&a_miss_says_whose_business_it_is, EQUIVALENCE, 2, NULL},
	{&without_tracing_invlpg_forgets_the_page, EQUIVALENCE, 1, NULL},
	{0},
};
