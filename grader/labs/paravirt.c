/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 5, paravirtual drivers: what is handed in, and its graded tests, 100 points in all. The
 * files' tables are joined here, as lab 1's are in rings.c.
 */
#include "paravirt_tests.h"
#include "paravirt_virtio.h"

#define TESTS_MAX 64

static const char *const files[] = {
	"hypercall.c", "firmware.asm", "virtqueue.c", "virtio_blk.c", "answers.txt", NULL};
static const char *const guests[] = {"blocks", "pocket_virtio", NULL};

static struct graded_test tests[TESTS_MAX];

struct lab lab_paravirt = {
	.number = 5,
	.name = "paravirt",
	.folder = "5-paravirt",
	.files = files,
	.guests = guests,
	.tests = tests,
};

__attribute__((constructor)) static void join_tests(void)
{
	static const struct graded_test *const tables[] = {
		paravirt_pal_tests,
		paravirt_pal_hostile_tests,
		paravirt_pal_cost_tests,
		paravirt_queue_tests,
		paravirt_refuse_tests,
		paravirt_virtio_tests,
		paravirt_driver_tests,
		paravirt_virtio_cost_tests,
	};

	for (size_t table = 0; table < sizeof(tables) / sizeof(tables[0]); table++)
		for (const struct graded_test *test = tables[table]; test->test; test++)
			tests[lab_paravirt.test_count++] = *test;
}
