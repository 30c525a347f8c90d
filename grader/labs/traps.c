/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 2, traps: what is handed in, and its graded tests, 100 points in all. The files' tables are
 * joined here, as lab 1's are in rings.c.
 */
#include "traps_tests.h"

#define TESTS_MAX 64

static const char *const files[] = {"emulate.c", "inject.c", "vpic.c", "answers.txt", NULL};

static struct graded_test tests[TESTS_MAX];

struct lab lab_traps = {
	.number = 2,
	.name = "traps",
	.folder = "2-traps",
	.files = files,
	.tests = tests,
};

__attribute__((constructor)) static void join_tests(void)
{
	static const struct graded_test *const tables[] = {
		traps_emulate_tests,
		traps_inject_tests,
		traps_random_tests,
		traps_vpic_tests,
		traps_ports_tests,
		traps_devices_tests,
		traps_hostile_tests,
		traps_cost_tests,
	};

	for (size_t table = 0; table < sizeof(tables) / sizeof(tables[0]); table++)
		for (const struct graded_test *test = tables[table]; test->test; test++)
			tests[lab_traps.test_count++] = *test;
}
