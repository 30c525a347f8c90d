/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 4, graded tests with whole guests whose code is hard to patch: they leap into the middle of
 * instructions (guests/leaps), rewrite their code (guests/selfmod), look at it and map it at
 * several addresses (guests/views). Each test compares a part of what the guest leaves.
 */
#include "guest_results.h"
#include "patch_tests.h"

#define SMALL  "mem=4"
#define STRICT "mem=4 strict=1" /* an instruction that hides a sensitive one is CODE_STEPPED */

#define STEPPED_LIMIT 400000000 /* instructions, where much is stepped */

/* ---- probes: guests/leaps ---- */

#define CODE_BYTES 64 /* of a probe, to be shown */

/* Each of a group's probes, the first time or the second. */
static unsigned compare_outcomes(const struct twins *twins, const struct probe *probes,
	uint32_t count, const char *group, const char *symbol, const char *time)
{
	static struct outcome bare[PROBES_MAX], got[PROBES_MAX];
	unsigned tried = 0;

	twin_read(twins, true, symbol, bare, count * sizeof(*bare));
	twin_read(twins, false, symbol, got, count * sizeof(*got));
	for (uint32_t i = 0; i < count; i++) {
		uint8_t bytes[CODE_BYTES];
		char name[80];
		if (!probe_is_of(&probes[i], group))
			continue;
		physical_read(twins->bare, true, probes[i].code, bytes, sizeof(bytes));
		snprintf(name, sizeof(name), "%s, %s", probes[i].name, time);
		assert_same_outcome(name, probes[i].ring, probes[i].code, bytes, sizeof(bytes),
			&bare[i], &got[i]);
		tried++;
	}
	return tried;
}

static void assert_leaps_end_alike(const char *group, const char *words)
{
	static struct probe probes[PROBES_MAX];
	struct guest *guest = guest_open("leaps");
	uint32_t count = probes_read(guest, probes);

	probe_registers_random(guest);
	struct twins twins = twins_run_to(guest, words, "soups_run");
	twins_assert_finished(&twins);
	unsigned tried = compare_outcomes(
		&twins, probes, count, group, "leaps_first_outcomes", "when its code is new");
	tried += compare_outcomes(
		&twins, probes, count, group, "probe_outcomes", "when its code is known");
	if (tried == 0)
		infrastructure_error("the guest leaps has no probe of the group %s", group);
}

START_TEST(computed_jumps_arrive)
{
	hint("A scan need not see every way. Whoever comes to a byte that it has not reached meets a breakpoint, and is scanned from there.");
	assert_leaps_end_alike(
		"leap_ branch_ switch return_ function_ recursion chain polymorphic", SMALL);
}
END_TEST

START_TEST(jumps_into_instructions_are_other_instructions)
{
	hint("A byte may belong to two instructions. Where one of them has a breakpoint there, the other cannot be in the copy: it is CODE_STEPPED (breakpoint_set()).");
	run_limit(STEPPED_LIMIT);
	assert_leaps_end_alike("hidden_ prefixed_ lock_ three_ escape_ braid", STRICT);
}
END_TEST

START_TEST(ways_into_a_run_are_kept)
{
	hint("No target[] inside a run, and a new one undoes the jump. Who comes to an instruction inside a run by another way meets a breakpoint, and patch_entry() says where the block has it.");
	assert_leaps_end_alike("run_ loop_ loope_ loopne_", SMALL);
}
END_TEST

START_TEST(instructions_cross_the_ends_of_pages)
{
	hint("What begins in this page and ends in the next is CODE_STEPPED. A jump and its run begin where the five bytes fit into the page.");
	assert_leaps_end_alike("straddle_ page_ long_ too_long_", SMALL);
}
END_TEST

START_TEST(faults_beside_sensitive_instructions_are_the_guests)
{
	hint("A fault of an instruction that was moved into a block is the guest's own, at the address where it was: patch_point(), and `moved` and `exact` of its point.");
	assert_leaps_end_alike("fault_ skipped_ undefined_", SMALL);
}
END_TEST

/* ---- soups: guests/leaps/soup.c ---- */

#define SOUPS      48
#define SOUP_BYTES 48

struct soup {
	uint32_t eip, vector, eflags, sum;
};

START_TEST(random_bytes_mean_what_they_mean_from_each_byte_on)
{
	static struct soup bare[SOUPS * SOUP_BYTES], got[SOUPS * SOUP_BYTES];
	struct guest *guest = guest_open("leaps");
	uint32_t seed = random_u32() | 1;

	guest_write_u32(guest, "leaps_seed", seed);
	guest_write_u32(guest, "leaps_soup_count", 2);
	guest_write_u32(guest, "leaps_probing", 0);
	run_limit(STEPPED_LIMIT);
	struct twins twins = twins_run(guest, "mem=4 strict=2");
	hint("Programs that overlap: what was copied for one may hide a breakpoint of another.");
	twins_assert_finished(&twins);
	twin_read(&twins, true, "leaps_soups", bare, sizeof(bare));
	twin_read(&twins, false, "leaps_soups", got, sizeof(got));
	for (unsigned i = 0; i < SOUPS * SOUP_BYTES; i++)
		ck_assert_msg(memcmp(&bare[i], &got[i], sizeof(bare[i])) == 0,
			"soup %u of guests/leaps with seed %u, entered at byte %u, ends on the bare machine at byte %u with vector %u, EFLAGS %08x and a checksum %08x, and under this monitor at byte %u with vector %u, EFLAGS %08x and %08x",
			i / SOUP_BYTES, seed, i % SOUP_BYTES, bare[i].eip, bare[i].vector,
			bare[i].eflags, bare[i].sum, got[i].eip, got[i].vector, got[i].eflags,
			got[i].sum);
}
END_TEST

/* ---- results ---- */

static struct guest *selfmod_open(uint32_t rounds)
{
	struct guest *guest = guest_open("selfmod");

	guest_write_u32(guest, "selfmod_seed", random_u32() | 1);
	guest_write_u32(guest, "selfmod_rounds", rounds);
	return guest;
}

START_TEST(code_that_was_rewritten_is_what_runs)
{
	hint("code_written() forgets what was found where a byte of it changes, also in the page behind.");
	assert_results_are_alike(selfmod_open(40), SMALL, "");
}
END_TEST

static struct guest *views_open(void)
{
	struct guest *guest = guest_open("views");

	guest_write_u32(guest, "views_seed", random_u32() | 1);
	guest_write_u32(guest, "views_rounds", 40 + random_below(20));
	return guest;
}

START_TEST(a_guest_sees_its_own_code)
{
	hint("Only the copy may be changed. The guest's own memory keeps every byte.");
	assert_results_are_alike(views_open(), SMALL,
		"the text|counters|the first|a string|a table|a page's|CALL|return|the frame|the caller");
}
END_TEST

START_TEST(code_is_found_wherever_it_is_mapped)
{
	hint("The same page at two addresses has two copies; the same address may be another page tomorrow.");
	assert_results_are_alike(views_open(), SMALL,
		"one page|MOV CR3|paging off|code that is|instructions|their page|its page");
}
END_TEST

const struct graded_test patch_guests_tests[] = {
	{&computed_jumps_arrive, EQUIVALENCE, 1, "leaps"},
	{&jumps_into_instructions_are_other_instructions, EQUIVALENCE, 2, "leaps"},
	{&ways_into_a_run_are_kept, EQUIVALENCE, 2, "leaps"},
	{&instructions_cross_the_ends_of_pages, EQUIVALENCE, 2, "leaps"},
	{&faults_beside_sensitive_instructions_are_the_guests, EQUIVALENCE, 2, "leaps"},
	{&random_bytes_mean_what_they_mean_from_each_byte_on, EQUIVALENCE, 2, "leaps"},
	{&code_that_was_rewritten_is_what_runs, EQUIVALENCE, 3, "selfmod"},
	{&a_guest_sees_its_own_code, EQUIVALENCE, 2, "views"},
	{&code_is_found_wherever_it_is_mapped, EQUIVALENCE, 2, "views"},
	{0},
};
