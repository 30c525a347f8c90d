/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 1, privilege rings: what is handed in, and its graded tests, 100 points in all.
 *
 * START_TEST makes names that are private to their file, so each file has a table of its own; they
 * are joined here before main() begins.
 */
#include "rings_tests.h"

#define TESTS_MAX 48

static const char *const files[] = {"segments.c", "enter.asm", "answers.txt", NULL};

static struct graded_test tests[TESTS_MAX];

struct lab lab_rings = {
	.number = 1,
	.name = "rings",
	.folder = "1-rings",
	.files = files,
	.tests = tests,
};

__attribute__((constructor)) static void join_tests(void)
{
	static const struct graded_test *const tables[] = {
		rings_segments_tests, rings_world_tests, rings_hostile_tests, rings_cost_tests};

	for (size_t table = 0; table < sizeof(tables) / sizeof(tables[0]); table++)
		for (const struct graded_test *test = tables[table]; test->test; test++)
			tests[lab_rings.test_count++] = *test;
}
