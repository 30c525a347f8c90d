/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lab 5's operations cost, beside the bare machine and beside what a kernel does without
 * firmware, and what pocket's self-test pays with either. Not graded: `make bench` prints it, and
 * the graded tests' budgets are set from it.
 */
#include "bench.h"
#include "patch_costs.h"

START_TEST(each_call_of_the_firmware)
{
	struct guest *guest = guest_open("palcosts");
	struct costs bare, got;
	char name[128];

	costs_of(guest, "palcosts", boot_bare(guest), &bare);
	costs_of(guest, "palcosts", boot(guest), &got);
	for (uint32_t o = 0; o < bare.count; o++) {
		snprintf(name, sizeof(name), "%s (bare: %llu)", bare.operation[o].name,
			(unsigned long long)bare.least[o]);
		measure(name, got.least[o]);
	}
}
END_TEST

START_TEST(exits_of_each_call)
{
	struct guest *guest = guest_open("palcosts");
	struct costs costs;

	costs_of(guest, "palcosts", boot_bare(guest), &costs);
	struct machine *m = boot(guest);
	for (int round = 0; round < ROUNDS / 2; round++)
		run_until(m, costs.operation[costs.count - 1].to);
	for (uint32_t o = 0; o < costs.count; o++) {
		char name[128];
		snprintf(name, sizeof(name), "exits of %s", costs.operation[o].name);
		measure(name,
			exits_between(m, costs.operation[o].from, costs.operation[o].to, false));
	}
}
END_TEST

static void measure_self_test(const char *build)
{
	uint32_t exits;
	uint64_t bare = selftest_cost(build, true, "mem=4", NULL),
		 got = selftest_cost(build, false, "mem=4", &exits);
	char name[128];

	snprintf(name, sizeof(name), "%s, instructions (bare: %llu)", build,
		(unsigned long long)bare);
	measure(name, got);
	snprintf(name, sizeof(name), "%s, exits", build);
	measure(name, exits);
	snprintf(name, sizeof(name), "%s, in hundredths of the bare machine's", build);
	measure(name, got * 100 / bare);
}

START_TEST(the_self_test_of_pocket)
{
	measure_self_test("pocket");
	measure_self_test("pocket_pal");
}
END_TEST

const struct graded_test paravirt_bench_tests[] = {
	{&each_call_of_the_firmware, EFFICIENCY, 0, NULL},
	{&exits_of_each_call, EFFICIENCY, 0, NULL},
	{&the_self_test_of_pocket, EFFICIENCY, 0, NULL},
	{0},
};
