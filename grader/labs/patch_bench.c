/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lab 4's operations cost, beside the bare machine and beside breakpoints alone, and what
 * pocket's self-test pays. Not graded: `make bench` prints it, and the graded tests' budgets are
 * set from it.
 */
#include "bench.h"
#include "patch_costs.h"

START_TEST(each_operation)
{
	struct guest *guest = guest_open("patchcosts");
	struct costs bare, traps, patched;
	char name[128];

	costs_of(guest, "patchcosts", boot_bare(guest), &bare);
	costs_of(guest, "patchcosts", boot_several(&(struct boot_guest){guest, "mem=4 patch=0"}, 1),
		&traps);
	costs_of(guest, "patchcosts", boot(guest), &patched);
	for (uint32_t o = 0; o < bare.count; o++) {
		snprintf(name, sizeof(name), "%s (bare: %llu)", bare.operation[o].name,
			(unsigned long long)bare.least[o]);
		measure(name, patched.least[o]);
		snprintf(name, sizeof(name), "%s, patch=0", bare.operation[o].name);
		measure(name, traps.least[o]);
	}
}
END_TEST

START_TEST(a_page_of_code_for_the_first_time)
{
	struct guest *guest = guest_open("patchcosts");
	struct costs bare, patched;

	costs_of(guest, "patchcosts", boot_bare(guest), &bare);
	costs_of(guest, "patchcosts", boot(guest), &patched);
	uint64_t first = patched.least[cost_number(&patched, "first_call")];
	uint64_t next = patched.least[cost_number(&patched, "next_call")];
	measure("a function of 1500 instructions, known", next);
	measure("the scan of an instruction, in hundredths", (first - next) / 15);
}
END_TEST

START_TEST(the_self_test_of_pocket)
{
	uint32_t exits, exits_of_traps;
	uint64_t bare = selftest_cost("pocket", true, "mem=4", NULL),
		 patched = selftest_cost("pocket", false, "mem=4", &exits),
		 traps = selftest_cost("pocket", false, "mem=4 patch=0", &exits_of_traps);
	char name[128];

	snprintf(name, sizeof(name), "pocket, self-test (bare: %llu)", (unsigned long long)bare);
	measure(name, patched);
	measure("pocket, self-test, patch=0", traps);
	measure("exits of pocket, self-test", exits);
	measure("exits of pocket, self-test, patch=0", exits_of_traps);
	measure("pocket, self-test, in hundredths of the bare machine's", patched * 100 / bare);
	measure("pocket, self-test, patch=0, in hundredths of the bare machine's",
		traps * 100 / bare);
}
END_TEST

const struct graded_test patch_bench_tests[] = {
	{&each_operation, EFFICIENCY, 0, NULL},
	{&a_page_of_code_for_the_first_time, EFFICIENCY, 0, NULL},
	{&the_self_test_of_pocket, EFFICIENCY, 0, NULL},
	{0},
};
