/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 4, graded tests of resource control: guests that reach for what the monitor keeps beside
 * their code, and guests whose code is hard work (guests/intruder). Behind an attacker runs a guest
 * that behaves, in the same machine: it must not notice.
 */
#include "guest_results.h"
#include "patch_audit.h"

#include <stdlib.h>

enum { BEHAVE, SHARED, REACH, MIDDLE, ABOVE, FLOOD, STORM };

#define ATTACKED " time=8" /* an attack that goes on for ever is ended: 10 ms each */
#define STOPS    8
#define APART    60000 /* instructions at most between two looks */

static struct guest *intruder_open(uint32_t part, uint32_t rounds)
{
	struct guest *guest = guest_open("intruder");

	guest_write_u32(guest, "intruder_part", part);
	guest_write_u32(guest, "intruder_seed", random_u32() | 1);
	guest_write_u32(guest, "intruder_rounds", rounds);
	return guest;
}

/* ---- attacks ---- */

/* Looks at the copies, the monitor and the attacker's own text while the first guest runs, and at
 * the results of the one behind it. */
static void assert_attack_is_survived(uint32_t part, const char *words, const char *what)
{
	struct guest *guest = intruder_open(part, 20), *next = intruder_open(BEHAVE, 10);
	struct boot_guest guests[] = {{guest, words}, {next, "mem=4"}};
	struct machine *m = boot_several(guests, 2);
	uint32_t end = monitor_symbol("vm_end");

	run_until(m, guest_symbol(guest, "try_init"));
	struct integrity before = integrity_take(m);
	struct text text = text_take(m, false, guest);
	for (int i = 0; i < STOPS && !run_until_or_for(m, end, 1 + random_below(APART)); i++) {
		if (!audit_code_view(m))
			break;
		text_check(m, guest, &text);
		integrity_check_monitor(m, &before, what);
	}
	run_until(m, guest_symbol(next, "try_init"));
	integrity_check_monitor(m, &before, what);
	run_until(m, guest_symbol(next, "guest_done"));
	uint32_t wrong = memory_read_u32(m, guest_symbol(next, "results_wrong")),
		 count = memory_read_u32(m, guest_symbol(next, "result_count"));
	ck_assert_msg(count == 10 && wrong == 0,
		"behind a guest with the attack %s runs one that behaves: of its 10 critical sections %u were done, and %u were wrong",
		what, count, wrong);
	audit_code_view(m);
	run_to_end(m);
	free(text.bytes);
	free(before.text);
}

START_TEST(whoever_loads_the_shared_selector_harms_himself)
{
	hint("The flags that the blocks share lie in a segment of their own: its limit is all that a guest can reach.");
	assert_attack_is_survived(SHARED, "mem=4" ATTACKED, "on the shared segment");
}
END_TEST

START_TEST(copies_and_blocks_are_out_of_reach)
{
	hint("No data segment of the guest's reaches the code view, and its code segment can only be executed.");
	assert_attack_is_survived(REACH, "mem=4" ATTACKED, "on the code view");
}
END_TEST

START_TEST(jumps_into_runs_and_blocks_harm_no_one)
{
	hint("The jump's displacement and what is left of the run are breakpoints: who lands there is taken to the instruction of the block that he wanted, if one begins there.");
	assert_attack_is_survived(MIDDLE, "mem=4" ATTACKED, "on blocks");
	assert_attack_is_survived(MIDDLE, "mem=4 patch=0" ATTACKED, "on runs without blocks");
}
END_TEST

/* ---- hard work ---- */

static void assert_work_is_done(uint32_t part, uint32_t rounds, const char *words)
{
	struct twins twins = twins_run(intruder_open(part, rounds), words);

	compare_results(&twins, "");
	twins_assert_finished(&twins);
	machine_end(twins.bare);
	machine_end(twins.m);
}

START_TEST(code_above_the_view_is_performed)
{
	hint("Where there is no copy the monitor performs each instruction. A run must end where the copies do.");
	run_limit(10 * LIMIT); /* each instruction up there is stepped */
	assert_work_is_done(ABOVE, 1, "mem=4");
}
END_TEST

START_TEST(a_small_pool_of_copies_is_enough)
{
	hint("A page of copies may be recycled at any exit, and its blocks with it.");
	assert_work_is_done(FLOOD, 20, "mem=4 code=4");
	assert_work_is_done(FLOOD, 20, "mem=4");
}
END_TEST

START_TEST(storms_of_rewritten_code_are_weathered)
{
	hint("Each write drops what was found there, and the blocks; nothing of them may stay.");
	assert_work_is_done(STORM, 20, "mem=4");
	assert_work_is_done(STORM, 20, "mem=4 code=4");
}
END_TEST

const struct graded_test patch_hostile_tests[] = {
	{&whoever_loads_the_shared_selector_harms_himself, RESOURCE_CONTROL, 3, "intruder"},
	{&copies_and_blocks_are_out_of_reach, RESOURCE_CONTROL, 3, "intruder"},
	{&jumps_into_runs_and_blocks_harm_no_one, RESOURCE_CONTROL, 2, "intruder"},
	{&code_above_the_view_is_performed, RESOURCE_CONTROL, 2, "intruder"},
	{&a_small_pool_of_copies_is_enough, RESOURCE_CONTROL, 3, "intruder"},
	{&storms_of_rewritten_code_are_weathered, RESOURCE_CONTROL, 3, "intruder"},
	{0},
};
