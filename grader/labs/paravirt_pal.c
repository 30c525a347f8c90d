/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 5, graded tests of equivalence for the firmware: guests that call it, on the bare machine
 * with the firmware of their image, and under the submission with the student's. Whatever an
 * operation leaves must be the same: flags, page tables, faults, bytes of the console.
 */
#include "paravirt_tests.h"

#define SMALL "mem=4"

static struct guest *pal_open(void)
{
	struct guest *guest = guest_open("pal");

	guest_write_u32(guest, "pal_seed", random_u32() | 1);
	return guest;
}

struct guest *callers_open(uint32_t part, uint32_t choice, uint32_t rounds)
{
	struct guest *guest = guest_open("callers");

	guest_write_u32(guest, "callers_part", part);
	guest_write_u32(guest, "callers_choice", choice);
	guest_write_u32(guest, "callers_rounds", rounds);
	guest_write_u32(guest, "callers_seed", random_u32() | 1);
	return guest;
}

static void assert_calls_are_alike(uint32_t part, uint32_t choice)
{
	assert_results_are_alike(callers_open(part, choice, 12), SMALL, "");
}

/* ---- the interrupt flag ---- */

START_TEST(the_firmware_keeps_the_flag)
{
	hint("`delta` is what must be added to the real EFLAGS. Whoever sets the flag looks at `waiting` afterwards.");
	assert_results_are_alike(pal_open(), SMALL,
		"operations|IF|PAL_MASK|ticks while|one waits|they come|PAL_HALT|and with");
}
END_TEST

START_TEST(interrupts_stay_out_of_critical_sections)
{
	hint("PAL_SET_FLAGS gives the flag back as PAL_MASK has told it: one section may lie inside another.");
	assert_results_are_alike(pal_open(), SMALL, "sections|interrupts in");
}
END_TEST

START_TEST(there_is_one_flag_whoever_changes_it)
{
	hint("Patch blocks of lab 4 and the firmware have the same struct shared_flags.");
	assert_results_are_alike(pal_open(), SMALL, "mixture");
}
END_TEST

/* ---- page tables ---- */

START_TEST(a_batch_changes_page_tables_at_once)
{
	hint("After each store the page of `linear` is forgotten: vcpu_invalidate().");
	assert_results_are_alike(pal_open(), SMALL, "a list of updates");
}
END_TEST

START_TEST(a_batch_faults_where_a_mov_would)
{
	hint("EDX and ECX say what is left when an access faults, and EIP stays at the INT: what is done is not done again.");
	assert_results_are_alike(pal_open(), SMALL, "faults of an|at|and of its|the value");
	assert_calls_are_alike(CALLERS_FAULTS, 0);
	assert_calls_are_alike(CALLERS_FAULTS, 1);
}
END_TEST

START_TEST(address_spaces_and_pages_are_exchanged)
{
	hint("vcpu_write_cr() and vcpu_invalidate() do what the instructions do.");
	assert_results_are_alike(
		pal_open(), SMALL, "one address|the other|CR3|another page|and back");
	assert_calls_are_alike(CALLERS_FAULTS, 3);
}
END_TEST

/* ---- the rest ---- */

/* All that the guest prints, and where a fault comes in between. */
START_TEST(texts_come_out_byte_for_byte)
{
	struct twins twins = twins_run(pal_open(), SMALL);

	hint("A text may lie in several pages. What lies before a page that is missing comes out before the fault.");
	compare_results(&twins, "EAX of|faults of a text|at the second");
	twins_assert_finished(&twins);
	twins_assert_same_console(&twins);
	machine_end(twins.bare);
	machine_end(twins.m);
	twins = twins_run(callers_open(CALLERS_FAULTS, 2, 12), SMALL);
	compare_results(&twins, "");
	twins_assert_finished(&twins);
	twins_assert_same_console(&twins);
}
END_TEST

START_TEST(time_goes_on_as_fast_as_the_timer)
{
	hint("clock_now() counts what the 8254 counts, and has 64 bits: EDX has the upper half.");
	assert_results_are_alike(pal_open(), SMALL, "time");
}
END_TEST

START_TEST(the_code_page_and_the_vector_stay_the_guests)
{
	hint("What the firmware keeps, it keeps in the data page: its code can be replaced and put back at any time.");
	for (uint32_t choice = 0; choice < 3; choice++)
		assert_calls_are_alike(CALLERS_GATES, choice);
	for (uint32_t choice = 0; choice < 2; choice++)
		assert_calls_are_alike(CALLERS_REWRITE, choice);
}
END_TEST

static void assert_pocket_is_alike(struct guest *guest)
{
	const struct boot_guest with_words = {guest, SMALL};
	struct machine *bare = boot_bare_with(&with_words), *m = boot_several(&with_words, 1);

	pocket_run(bare, guest);
	pocket_run(m, guest);
	run_to_end(bare);
	run_to_end(m);
	assert_same_session(bare, m);
	assert_same_files(bare, m, guest);
	machine_end(bare);
	machine_end(m);
}

START_TEST(an_operating_system_behind_firmware_is_as_bare)
{
	hint("`make bare GUEST=pocket_pal` and `make run LAB=5 GUEST=pocket_pal` should print the same.");
	assert_pocket_is_alike(guest_open("pocket_pal"));
	assert_pocket_is_alike(pocket_session_open("pocket_pal"));
}
END_TEST

const struct graded_test paravirt_pal_tests[] = {
	{&the_firmware_keeps_the_flag, EQUIVALENCE, 2, "pal"},
	{&interrupts_stay_out_of_critical_sections, EQUIVALENCE, 2, "pal"},
	{&there_is_one_flag_whoever_changes_it, EQUIVALENCE, 2, "pal"},
	{&a_batch_changes_page_tables_at_once, EQUIVALENCE, 2, "pal"},
	{&a_batch_faults_where_a_mov_would, EQUIVALENCE, 3, "callers"},
	{&address_spaces_and_pages_are_exchanged, EQUIVALENCE, 2, "pal"},
	{&texts_come_out_byte_for_byte, EQUIVALENCE, 3, "pal"},
	{&time_goes_on_as_fast_as_the_timer, EQUIVALENCE, 1, "pal"},
	{&the_code_page_and_the_vector_stay_the_guests, EQUIVALENCE, 2, "callers"},
	{&an_operating_system_behind_firmware_is_as_bare, EQUIVALENCE, 4, "pocket_pal"},
	{0},
};
