/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 4, binary patching: what is handed in, and its graded tests, 100 points in all. The files'
 * tables are joined here, as lab 1's are in rings.c.
 */
#include "patch_tests.h"

#define TESTS_MAX 64

static const char *const files[] = {"scan.c", "patch.c", "answers.txt", NULL};

static struct graded_test tests[TESTS_MAX];

struct lab lab_patch = {
	.number = 4,
	.name = "patch",
	.folder = "4-patch",
	.files = files,
	.tests = tests,
};

__attribute__((constructor)) static void join_tests(void)
{
	static const struct graded_test *const tables[] = {
		patch_scan_tests,
		patch_pages_tests,
		patch_guests_tests,
		patch_forms_tests,
		patch_random_tests,
		patch_interrupts_tests,
		patch_kernel_tests,
		patch_audit_tests,
		patch_hostile_tests,
		patch_cost_tests,
	};

	for (size_t table = 0; table < sizeof(tables) / sizeof(tables[0]); table++)
		for (const struct graded_test *test = tables[table]; test->test; test++)
			tests[lab_patch.test_count++] = *test;
}
