/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 3, graded tests with the guest escape: whatever a kernel may do with its tables, each alone,
 * in a world made anew. What an attack sees under the submission must be what it sees on the bare
 * machine.
 *
 * A test takes one group of them, of those that a right monitor survives, in an order drawn from
 * the seed: then the shadow that an attack finds is another each time.
 */
#include "shadow_attacks.h"
#include "shadow_tests.h"

/* ---- choosing ---- */

/* The attacks of the guest, of which the tour takes one group. */
struct tour {
	struct guest *guest;
	struct attack attack[ATTACKS_MAX];
	uint32_t count;
};

static void swap(struct attack *a, struct attack *b)
{
	struct attack kept = *a;

	*a = *b;
	*b = kept;
}

static struct tour *tour_open(enum attack_group group)
{
	static struct tour tour;

	tour.guest = guest_open("escape");
	tour.count = attacks_read(tour.guest, tour.attack);
	for (uint32_t i = 0; i < tour.count; i++)
		if (tour.attack[i].group != group)
			tour.attack[i].kind = ATTACK_CONFINED; /* no part of the tour */
	for (uint32_t i = tour.count; i > 1; i--)
		swap(&tour.attack[i - 1], &tour.attack[random_below(i)]);
	guest_write(tour.guest, "escape_attacks", tour.attack, tour.count * sizeof(tour.attack[0]));
	guest_write_u32(tour.guest, "escape_seed", random_u32());
	return &tour;
}

/* ---- comparing ---- */

#define SEEN_HEAD offsetof(struct seen, value)

static void seen_read(const struct twins *twins, bool bare, uint32_t number, struct seen *seen)
{
	uint32_t at = guest_symbol(twins->guest, "escape_seen") + number * (uint32_t)sizeof(*seen);
	struct machine *m = bare ? twins->bare : twins->m;

	physical_read(m, bare, at, seen, SEEN_HEAD);
	uint32_t count = seen->count < SEEN_MAX ? seen->count : SEEN_MAX;
	if (count)
		physical_read(m, bare, at + SEEN_HEAD, seen->value, count * sizeof(uint32_t));
}

static void attack_compare(const struct twins *twins, const struct attack *attack, uint32_t number)
{
	static struct seen bare, got;

	seen_read(twins, true, number, &bare);
	seen_read(twins, false, number, &got);
	attack_judge(attack, &bare, &got, "");
}

/* Up to the end of the next attack. A right monitor always gets there. */
static void attack_run(const struct twins *twins, const struct attack *attack)
{
	const uint32_t places[] = {
		guest_symbol(twins->guest, "escape_over"), monitor_symbol("vm_end")};

	switch (run_until_any(twins->m, places, 2)) {
	case 0:
		return;
	case 1:
		ck_abort_msg(
			"guests/escape, attack %s: on the bare machine it came to its end; this monitor ended the guest in it:\n%s",
			attack->name, monitor_end(twins->m));
	default:
		ck_abort_msg(
			"guests/escape, attack %s: under this monitor the machine switched itself off",
			attack->name);
	}
}

static void assert_group_as_bare(enum attack_group group)
{
	struct tour *tour = tour_open(group);
	struct twins twins = {.guest = tour->guest,
		.bare = boot_bare(tour->guest),
		.m = boot_several(&(struct boot_guest){tour->guest, "mem=4"}, 1)};

	run_until(twins.bare, guest_symbol(tour->guest, "guest_done"));
	for (uint32_t i = 0; i < tour->count; i++) {
		if (tour->attack[i].kind != ATTACK_ALIKE)
			continue;
		attack_run(&twins, &tour->attack[i]);
		attack_compare(&twins, &tour->attack[i], i);
	}
	twins_assert_same_console(&twins);
}

START_TEST(page_faults_reach_the_guests_handler)
{
	hint("The guest's error code is that of its own walk, not the processor's, which says what the shadow lacked. CR2 is the address of the byte.");
	assert_group_as_bare(ATTACKS_FRAMES);
}
END_TEST

START_TEST(every_way_of_writing_changes_the_tables)
{
	hint("shadow_written() gets bytes: from at to at + size - 1, and the page may be a page directory or a page table, in several roles. A page that holds a table may have no writable entry anywhere: shadow_protect().");
	assert_group_as_bare(ATTACKS_WRITES);
}
END_TEST

START_TEST(tables_may_lead_to_themselves)
{
	hint("shadow_get() may trace the very page that is about to be mapped: ask shadow_traces() after it.");
	assert_group_as_bare(ATTACKS_SELF);
}
END_TEST

START_TEST(a_page_may_be_a_table_and_something_else)
{
	hint("shadow_traces() is true for pages of descriptor tables too, and shadow_protect() is called for them: there need be no shadow page.");
	assert_group_as_bare(ATTACKS_SHARED);
}
END_TEST

START_TEST(paging_goes_off_and_on)
{
	hint("After a change of CR0.PG, CR0.WP or CR4.PSE the same entries mean something else: shadow_drop_all(). With paging off the root is SHADOW_FLAT.");
	assert_group_as_bare(ATTACKS_SWITCH);
}
END_TEST

const struct graded_test shadow_escape_tests[] = {
	{&page_faults_reach_the_guests_handler, EQUIVALENCE, 4, "escape"},
	{&every_way_of_writing_changes_the_tables, EQUIVALENCE, 4, "escape"},
	{&tables_may_lead_to_themselves, EQUIVALENCE, 3, "escape"},
	{&a_page_may_be_a_table_and_something_else, EQUIVALENCE, 4, "escape"},
	{&paging_goes_off_and_on, EQUIVALENCE, 3, "escape"},
	{0},
};
