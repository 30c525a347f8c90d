/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 3, graded tests of guest_walk(): it is called from outside, on tables drawn from the seed,
 * and must arrive where a walk of the judge's own does, with the same bits set on the way.
 */
#include "shadow_tests.h"

#define PAGED     (CR0_PE | CR0_ET | CR0_PG)
#define ALLOWED   (PTE_P | PTE_RW | PTE_US)
#define CASES     24
#define LARGE_PAT 0x1000u /* means nothing in a large page's entry */
#define IGNORED   0xf18u  /* bits 3, 4, 8 to 11 of an entry: caches, G, and the kernel's own */
#define USED      (PTE_A | PTE_D)

/* What of an answer is looked at: a test asks no more than the exercise that it belongs to. */
enum depth {
	WHERE,  /* it goes, or that it does not */
	RIGHTS, /* these too, and the error code */
	ALL,    /* A and D too */
};

static void assert_number(const struct question *q, const char *what, uint32_t want, uint32_t got)
{
	ck_assert_msg(want == got, "guest_walk() %s: %s must be %08x, and is %08x",
		question_text(q), what, want, got);
}

static void assert_walk(
	const struct question *q, const struct walk *want, const struct walk *got, enum depth depth)
{
	assert_number(q, "walk.page", want->page.raw, got->page.raw);
	assert_number(q, "walk.beyond", want->beyond, got->beyond);
	assert_number(q, "walk.large", want->large, got->large);
	assert_number(q, "walk.table", want->table.raw, got->table.raw);
	if (depth == WHERE)
		return;
	assert_number(q, "walk.rights", want->rights, got->rights);
	assert_number(q, "walk.role", want->role, got->role);
	if (depth == RIGHTS)
		return;
	assert_number(q, "walk.accessed", want->accessed, got->accessed);
	assert_number(q, "walk.dirty", want->dirty, got->dirty);
}

/* Asks the submission; all that it answers must be right. */
static void ask(const struct stage *stage, enum depth depth, struct question q)
{
	uint32_t scratch = call_scratch(stage->m), pde, pte;
	struct walk want, got;

	question_pose(stage, &q);
	memset(&got, 0xa5, sizeof(got));
	memory_write(stage->m, scratch, &got, sizeof(got));
	bool allowed = question_answer(&q, &want, &pde, &pte);
	bool said = call(stage->m, "guest_walk",
			    (uint32_t[]){stage->vcpu, q.linear, q.access, scratch}, 4) &
		    0xff;
	memory_read(stage->m, scratch, &got, sizeof(got));
	ck_assert_msg(allowed == said, "guest_walk() %s: the access is %s, and it says %s",
		question_text(&q), allowed ? "allowed" : "not allowed", said ? "true" : "false");
	if (allowed)
		assert_walk(&q, &want, &got, depth);
	else if (depth != WHERE && !(q.access & ACCESS_PEEK))
		assert_number(&q, "the error code", want.error, got.error);
	if (!(q.cr0 & CR0_PG))
		return;
	if (q.pde_at != q.pte_at)
		assert_number(&q, "the PDE afterwards", pde, stage_read(stage, q.pde_at));
	if (q.pte_at)
		assert_number(&q, "the PTE afterwards", pte, stage_read(stage, q.pte_at));
}

static const uint32_t accesses[] = {
	ACCESS_READ, ACCESS_WRITE, ACCESS_USER, ACCESS_USER | ACCESS_WRITE};

static uint32_t random_access(void)
{
	return accesses[random_below(4)];
}

/* Bits that mean nothing to a walk. */
static uint32_t random_ignored(void)
{
	return random_u32() & IGNORED;
}

/* A question about two levels, all of which is allowed and was used before. */
static struct question random_question(const struct stage *stage)
{
	return (struct question){
		.cr0 = PAGED | (random_u32() & CR0_WP),
		.cr3 = random_page(stage) | (random_u32() & 0x18),
		.cr4 = random_u32() & (CR4_PSE | CR4_PGE),
		.linear = random_linear(),
		.access = random_access(),
		.pde = random_page(stage) | ALLOWED | PTE_A | random_ignored(),
		.pte = random_page(stage) | ALLOWED | USED | random_ignored(),
	};
}

/* One whose directory names itself, with these of A and D: its entry serves as the table's too. */
static struct question self_mapped_question(const struct stage *stage, uint32_t used)
{
	struct question q = random_question(stage);

	q.pde = (q.cr3 & PTE_FRAME) | ALLOWED | used;
	q.linear = (q.linear & ~0x003ff000u) | (q.linear >> 22) << 12;
	q.cr4 = 0;
	return q;
}

START_TEST(with_paging_off_every_address_is_its_own)
{
	struct stage stage = stage_open("mem=4");

	hint("CR0.PG is in vcpu->cr0. With paging off nothing of CR3 or of memory counts; shadow.h says what the other fields are.");
	for (int i = 0; i < CASES; i++)
		ask(&stage, ALL,
			(struct question){
				.cr0 = CR0_PE | CR0_ET | (random_u32() & CR0_WP),
				.cr3 = random_u32(),
				.cr4 = random_u32() & (CR4_PSE | CR4_PGE),
				.linear = random_linear(),
				.access = random_access(),
			});
}
END_TEST

START_TEST(a_walk_goes_down_two_levels)
{
	struct stage stage = stage_open("mem=4");

	hint("Bits 31 to 22 of the address are the index into the page directory, 21 to 12 that into the page table. An entry's low twelve bits are no address.");
	for (int i = 0; i < CASES; i++)
		ask(&stage, WHERE, random_question(&stage));
	hint("An entry that is not present has no other meaning.");
	for (int i = 0; i < CASES; i++) {
		struct question q = random_question(&stage);
		*(i % 2 ? &q.pde : &q.pte) &= ~PTE_P;
		ask(&stage, WHERE, q);
	}
	hint("Where the guest has no memory an entry reads as all ones: guest_entry_read(). That is not a fault.");
	for (int i = 0; i < CASES / 2; i++) {
		struct question q = random_question(&stage);
		uint32_t beyond = stage.size + (random_u32() & 0x0ffff000);
		if (i % 3)
			q.pde = (q.pde & ~PTE_FRAME) | beyond;
		else
			q.cr3 = beyond;
		q.cr4 = 0;
		ask(&stage, WHERE, q);
	}
	hint("A page directory may name itself as a page table, and an entry itself: it is the last entry then, too.");
	for (int i = 0; i < CASES / 4; i++)
		ask(&stage, WHERE, self_mapped_question(&stage, USED));
}
END_TEST

START_TEST(rights_are_those_of_both_entries)
{
	struct stage stage = stage_open("mem=4");
	uint32_t start = random_u32();

	hint("R/W and U/S count only where both entries have them. A kernel may read all, and where CR0.WP is 0 write all. The error code has PF_P where the page is there, and PF_WR and PF_US as the access was.");
	for (uint32_t i = 0; i < 64; i++) {
		struct question q = random_question(&stage);
		uint32_t bits = start + i * 2654435761u; /* over the seeds, all combinations */
		q.pde &= ~(PTE_RW | PTE_US) | (bits >> 28 & (PTE_RW | PTE_US));
		q.pte &= ~(PTE_RW | PTE_US) | (bits >> 25 & (PTE_RW | PTE_US));
		q.access = accesses[i & 3];
		ask(&stage, RIGHTS, q);
	}
	hint("Of a page that is not there the error code has PF_P clear, whatever its other bits say.");
	for (int i = 0; i < CASES / 2; i++) {
		struct question q = random_question(&stage);
		*(i % 2 ? &q.pde : &q.pte) &= ~(PTE_P | (random_u32() & (PTE_RW | PTE_US)));
		ask(&stage, RIGHTS, q);
	}
	hint("With ACCESS_PEEK no right is missing.");
	for (int i = 0; i < CASES / 3; i++) {
		struct question q = random_question(&stage);
		q.pde &= ~(random_u32() & (PTE_RW | PTE_US));
		q.pte &= ~(random_u32() & (PTE_RW | PTE_US));
		q.access = ACCESS_PEEK;
		ask(&stage, RIGHTS, q);
	}
}
END_TEST

START_TEST(accessed_and_dirty_are_set_by_the_walk)
{
	struct stage stage = stage_open("mem=4");

	hint("A is set in every entry that the walk used, D in the last one alone, for a write. walk.accessed and walk.dirty are those of the entries as they are then.");
	for (int i = 0; i < CASES; i++) {
		struct question q = random_question(&stage);
		q.pde = (q.pde & ~USED) | (random_u32() & USED);
		q.pte = (q.pte & ~USED) | (random_u32() & USED);
		ask(&stage, ALL, q);
	}
	hint("An entry may be the directory's and the table's in one walk. Its A is set once, its D for a write.");
	for (int i = 0; i < CASES / 4; i++)
		ask(&stage, ALL, self_mapped_question(&stage, random_u32() & USED));
	hint("An access that faults leaves the entries as they are: Bochs sets A bits when the whole walk has succeeded.");
	for (int i = 0; i < CASES; i++) {
		struct question q = random_question(&stage);
		q.access = ACCESS_USER | ACCESS_WRITE;
		q.pde &= ~USED;
		q.pte &= ~USED;
		*(i % 2 ? &q.pde : &q.pte) &= i % 3 ? ~PTE_US : i % 4 ? ~PTE_RW : ~PTE_P;
		ask(&stage, ALL, q);
	}
	hint("ACCESS_PEEK sets nothing. walk.accessed tells what there is.");
	for (int i = 0; i < CASES; i++) {
		struct question q = random_question(&stage);
		q.access = ACCESS_PEEK;
		q.pde = (q.pde & ~USED) | (random_u32() & USED);
		q.pte = (q.pte & ~USED) | (random_u32() & USED);
		ask(&stage, ALL, q);
	}
}
END_TEST

START_TEST(a_large_page_ends_the_walk)
{
	struct stage stage = stage_open("mem=4");

	hint("PTE_PS in a page-directory entry means 4 MiB where CR4.PSE is 1, and nothing where it is 0. walk.page is the 4 KiB page inside it; walk.role has its D bit.");
	for (int i = 0; i < CASES; i++) {
		struct question q = random_question(&stage);
		q.pde = (random_u32() & 0xffc00000) | ALLOWED | PTE_PS | random_ignored() |
			(random_u32() & LARGE_PAT) | (random_u32() & USED);
		q.cr4 = i % 3 ? CR4_PSE : 0;
		ask(&stage, ALL, q);
	}
	hint("A large page has one entry: its rights are the page's, and so are its A and D.");
	for (uint32_t i = 0; i < 16; i++) {
		struct question q = random_question(&stage);
		q.pde = (random_u32() & 0xffc00000) | PTE_P | PTE_PS |
			(random_u32() & (PTE_RW | PTE_US | USED));
		q.cr4 = CR4_PSE;
		q.access = accesses[i & 3];
		ask(&stage, ALL, q);
	}
	hint("PTE_PS has no meaning in a page table's entry.");
	for (int i = 0; i < CASES / 4; i++) {
		struct question q = random_question(&stage);
		q.pte |= PTE_PS;
		q.cr4 = CR4_PSE;
		ask(&stage, ALL, q);
	}
	hint("Bits 13 to 20 of a large page's entry are bits 32 to 39 of its address: beyond. Bit 21 is reserved, and a fault with PF_P and PF_RSVD, whoever asks.");
	for (int i = 0; i < CASES; i++) {
		struct question q = random_question(&stage);
		q.pde = (random_u32() & 0xffc00000) | ALLOWED | PTE_PS |
			1u << (i % 2 ? 21 : 13 + random_below(8)) | (random_u32() & LARGE_PAT);
		q.cr4 = CR4_PSE;
		if (i % 4 > 1)
			q.access = ACCESS_PEEK;
		if (i % 8 == 1) /* the reserved bit is told of also where a right is missing */
			q.pde &= ~(PTE_US | PTE_RW);
		ask(&stage, ALL, q);
	}
}
END_TEST

const struct graded_test shadow_walk_tests[] = {
	{&with_paging_off_every_address_is_its_own, EQUIVALENCE, 2, NULL},
	{&a_walk_goes_down_two_levels, EQUIVALENCE, 3, NULL},
	{&rights_are_those_of_both_entries, EQUIVALENCE, 3, NULL},
	{&accessed_and_dirty_are_set_by_the_walk, EQUIVALENCE, 3, NULL},
	{&a_large_page_ends_the_walk, EQUIVALENCE, 3, NULL},
	{0},
};
