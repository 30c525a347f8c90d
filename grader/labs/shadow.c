/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 3, shadow page tables: what is handed in, and its graded tests, 100 points in all. The files'
 * tables are joined here, as lab 1's are in rings.c.
 */
#include "shadow_tests.h"

#define TESTS_MAX 64

static const char *const files[] = {"shadow.c", "answers.txt", NULL};

static struct graded_test tests[TESTS_MAX];

struct lab lab_shadow = {
	.number = 3,
	.name = "shadow",
	.folder = "3-shadow",
	.files = files,
	.tests = tests,
};

__attribute__((constructor)) static void join_tests(void)
{
	static const struct graded_test *const tables[] = {
		shadow_walk_tests,
		shadow_miss_tests,
		shadow_escape_tests,
		shadow_torture_tests,
		shadow_devices_tests,
		shadow_kernel_tests,
		shadow_hostile_tests,
		shadow_cost_tests,
	};

	for (size_t table = 0; table < sizeof(tables) / sizeof(tables[0]); table++)
		for (const struct graded_test *test = tables[table]; test->test; test++)
			tests[lab_shadow.test_count++] = *test;
}
