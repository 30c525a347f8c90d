/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 3, graded tests with whole guests that live on paging: a random walk through all that a
 * kernel may do to its tables (guests/torture), and processes that share what nobody writes
 * (guests/cow). The same seed on the bare machine, and what came of every step.
 */
#include "shadow_tests.h"

#include <stdlib.h>

/* ---- guests/torture/records.h ---- */

#define BLOCK       64
#define STEPS_MAX   8192
#define RECORDS     1024
#define NAME_SIZE   32
#define ACTION_SIZE 40
#define FORM_SIZE   48
#define TORTURE_END 0x81

enum { RECORD_ACTION, RECORD_ACCESS, RECORD_EVENT };

struct record {
	uint32_t step;
	uint8_t kind, number, ring, control;
	uint32_t cr3;
	uint32_t edi, esi, ecx, eax, edx;
	uint32_t vector, error_code, cr2, eip;
	uint32_t edi_after, esi_after, ecx_after, eax_after, edx_after;
	uint32_t entries[4];
	uint32_t sum;
};

struct digest {
	uint32_t sum, records;
};

/* ---- the first difference, in words ---- */

static const char *name_of(
	const struct guest *guest, const char *table, size_t size, unsigned number)
{
	static char names[65536];

	guest_read(guest, table, names, (number + 1) * size);
	return names + number * size;
}

static const char *record_text(const struct guest *guest, const struct record *r)
{
	static char text[2][512];
	static int turn;
	char *to = text[turn ^= 1], end[64];

	if (r->kind == RECORD_ACTION) {
		snprintf(to, sizeof(text[0]), "the step \"%s\" begins",
			name_of(guest, "torture_actions", ACTION_SIZE, r->number));
		return to;
	}
	if (r->kind == RECORD_EVENT) {
		snprintf(to, sizeof(text[0]), "%s, address %08x, value %08x",
			name_of(guest, "torture_events", NAME_SIZE, r->number), r->edi, r->eax);
		return to;
	}
	if (r->vector == TORTURE_END)
		snprintf(end, sizeof(end), "no fault");
	else
		snprintf(end, sizeof(end), "vector %u, error code %x, CR2 %08x", r->vector,
			r->error_code, r->cr2);
	snprintf(to, sizeof(text[0]),
		"%s in ring %u, EDI %08x ESI %08x ECX %08x EAX %08x EDX %08x: %s; then EDI %08x ESI %08x ECX %08x EAX %08x EDX %08x, PDE and PTE %08x %08x, those of the last page %08x %08x",
		name_of(guest, "torture_forms", FORM_SIZE, r->number), r->ring, r->edi, r->esi,
		r->ecx, r->eax, r->edx, end, r->edi_after, r->esi_after, r->ecx_after, r->eax_after,
		r->edx_after, r->entries[0], r->entries[1], r->entries[2], r->entries[3]);
	return to;
}

/* The records of the block that ended last, of both machines. */
static void records_compare(const struct twins *twins, uint32_t first)
{
	static struct record bare[RECORDS], got[RECORDS];
	uint32_t count = twin_read_u32(twins, true, "torture_record_count");

	twin_read(twins, true, "torture_records", bare, sizeof(bare));
	twin_read(twins, false, "torture_records", got, sizeof(got));
	for (uint32_t i = first; i < count; i++) {
		const struct record *b = &bare[i % RECORDS], *g = &got[i % RECORDS];
		ck_assert_msg(memcmp(b, g, sizeof(*b)) == 0,
			"guests/torture with seed %u, step %u, CR3 %08x, CR0.PG %u, WP %u:\non the bare machine: %s\nunder this monitor: %s",
			guest_read_u32(twins->guest, "torture_seed"), b->step, b->cr3,
			b->control & 1, b->control >> 1 & 1, record_text(twins->guest, b),
			record_text(twins->guest, g));
	}
}

static struct guest *torture_guest(uint32_t seed, uint32_t steps)
{
	struct guest *guest = guest_open("torture");

	guest_write_u32(guest, "torture_seed", seed);
	guest_write_u32(guest, "torture_steps", steps);
	return guest;
}

/* The guest itself knows what must happen, and says what did not. */
static void assert_not_failed(const struct twins *twins)
{
	if (twin_read_u32(twins, false, "torture_failed") == 0)
		return;
	ck_abort_msg(
		"guests/torture found something that no processor does:\n%s", console(twins->m));
}

static void assert_walk_as_bare(uint32_t steps, const char *words)
{
	static struct digest bare[STEPS_MAX / BLOCK], got[STEPS_MAX / BLOCK];
	uint32_t seed = random_u32() | 1;
	struct twins twins = twins_run(torture_guest(seed, steps), words);

	assert_not_failed(&twins);
	twins_assert_finished(&twins);
	twin_read(&twins, true, "torture_digests", bare, sizeof(bare));
	twin_read(&twins, false, "torture_digests", got, sizeof(got));
	for (uint32_t i = 0; i < steps / BLOCK; i++) {
		if (memcmp(&bare[i], &got[i], sizeof(bare[i])) == 0)
			continue;
		struct twins again = twins_run(torture_guest(seed, (i + 1) * BLOCK), words);
		records_compare(&again, i ? bare[i - 1].records : 0);
		ck_abort_msg("guests/torture with seed %u differs in the steps from %u to %u", seed,
			i * BLOCK, (i + 1) * BLOCK);
	}
	twins_assert_same_console(&twins);
	machine_end(twins.bare);
	machine_end(twins.m);
}

START_TEST(many_short_walks_are_as_bare)
{
	for (int i = 0; i < 2; i++)
		assert_walk_as_bare(4 * BLOCK, "mem=4");
	hint("With the word trace=0 nothing tells of a change: each MOV to CR0, CR3 or CR4 drops all, and INVLPG the entry.");
	assert_walk_as_bare(4 * BLOCK, "mem=4 trace=0");
}
END_TEST

START_TEST(a_long_walk_is_as_bare)
{
	assert_walk_as_bare(2048, "mem=4");
}
END_TEST

/* ---- cow ---- */

START_TEST(processes_share_what_nobody_writes)
{
	struct guest *guest = guest_open("cow");

	guest_write_u32(guest, "cow_seed", random_u32());
	guest_write_u32(guest, "cow_generations", 3 + random_below(2));
	struct twins twins = twins_run(guest, "mem=4");
	hint("A page that becomes read-only in the guest's tables must become so in the shadow: the write to the table tells. So must one that goes.");
	twins_assert_finished(&twins);
	twins_assert_same_console(&twins);
}
END_TEST

/* ---- resource control ---- */

#define STOPS  12
#define APART  1000000u /* instructions at most between two stops */
#define NEARBY 200u     /* from there to where the guest runs */
#define TRIES  1000

START_TEST(the_shadow_is_right_at_any_moment)
{
	struct guest *guest = torture_guest(random_u32() | 1, STEPS_MAX);
	struct machine *m = boot_several(&(struct boot_guest){guest, "mem=4"}, 1);
	unsigned entries = 0;

	run_until(m, guest_symbol(guest, "torture_block_done"));
	for (int i = 0; i < STOPS; i++) {
		run_for(m, 1 + random_below(APART));
		for (int tries = 0; cpl(m) == 0 && tries < TRIES; tries++)
			run_for(m, 1 + random_below(NEARBY));
		entries += audit_from_outside(m);
	}
	ck_assert_msg(entries > STOPS,
		"there were %u entries at %d moments: the guest runs by something else", entries,
		STOPS);
}
END_TEST

START_TEST(a_small_pool_is_enough)
{
	hint("A shadow page may be recycled by any shadow_get(): what you hold is good until the call after the next.");
	assert_walk_as_bare(12 * BLOCK, "mem=4 shadow=16 roots=3");
}
END_TEST

const struct graded_test shadow_torture_tests[] = {
	{&many_short_walks_are_as_bare, EQUIVALENCE, 4, "torture"},
	{&a_long_walk_is_as_bare, EQUIVALENCE, 4, "torture"},
	{&processes_share_what_nobody_writes, EQUIVALENCE, 3, "cow"},
	{&the_shadow_is_right_at_any_moment, RESOURCE_CONTROL, 5, "torture"},
	{&a_small_pool_is_enough, RESOURCE_CONTROL, 3, "torture"},
	{0},
};
