/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest cow on the bare machine: its processes come to the same whoever runs first, within its
 * budget, and one that finds what it has not written says so.
 */
#include "bare_guest.h"

#define BUDGET 10000000 /* instructions of the guest, as it is built */

/* The lines "cow: generation ..." */
static void generations_copy(struct run *run, char *text, size_t size)
{
	const char *console = console_of(run), *line = console;

	text[0] = '\0';
	while (strncmp(line, "cow: generation", 15) == 0) {
		size_t length = strcspn(line, "\n") + 1;
		ck_assert_uint_lt(strlen(text) + length, size);
		strncat(text, line, length);
		line += length;
	}
	ck_assert_msg(text[0] != '\0', "it says:\n%s", console);
	ck_assert_msg(strstr(console, "cow: 0 frames were lost") != NULL, "it says:\n%s", console);
}

START_TEST(generations_come_to_the_same_whoever_runs_first)
{
	const struct setting settings[] = {{"cow_timer", 300}, {NULL, 0}};
	char alone[512], preempted[512];
	struct run run = run_begin("cow", NULL);

	ck_assert_uint_lt(run_to_end(&run), BUDGET);
	run_finish(&run);
	generations_copy(&run, alone, sizeof(alone));
	ck_assert_msg(strstr(alone, "generation 4: 16 processes, ") != NULL, "it says:\n%s", alone);
	run_end(&run);
	run = run_begin("cow", settings);
	run_to_end(&run);
	run_finish(&run);
	generations_copy(&run, preempted, sizeof(preempted));
	ck_assert_str_eq(alone, preempted);
	run_end(&run);
}
END_TEST

START_TEST(processes_of_other_shapes_end_too)
{
	static const struct {
		uint32_t generations, children;
		const char *last;
	} shape[] = {{0, 2, "generation 0: 1 processes"}, {7, 1, "generation 7: 1 processes"},
		{2, 4, "generation 2: 16 processes"}};
	const struct setting settings[] = {{"cow_seed", 99},
		{"cow_generations", shape[_i].generations}, {"cow_children", shape[_i].children},
		{NULL, 0}};
	char text[512];
	struct run run = run_begin("cow", settings);

	run_to_end(&run);
	run_finish(&run);
	generations_copy(&run, text, sizeof(text));
	ck_assert_msg(strstr(text, shape[_i].last) != NULL, "it says:\n%s", text);
	run_end(&run);
}
END_TEST

/* A bit flips in a page of the first process, once it waits for its children. */
START_TEST(a_page_that_another_process_wrote_is_found)
{
	struct run run = run_begin("cow", NULL);
	uint32_t physical, word;

	run_until(&run, "space_fork");
	ck_assert(bochs_translate(run.machine, 0x40001000 + _i * 0x1000, &physical));
	word = word_at(&run, physical) ^ 0x100;
	ck_assert_int_eq(bochs_write_physical(run.machine, physical, &word, 4), 0);
	run_to_end(&run);
	run_finish(&run);
	ck_assert_msg(strstr(console_of(&run), "finds something else at 4000") != NULL,
		"it says:\n%s", console_of(&run));
	run_end(&run);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("the guest cow");
	TCase *cow = tcase_create("cow");

	tcase_set_timeout(cow, 120);
	tcase_add_checked_fixture(cow, folder_make, folder_remove);
	tcase_add_test(cow, generations_come_to_the_same_whoever_runs_first);
	tcase_add_loop_test(cow, processes_of_other_shapes_end_too, 0, 3);
	tcase_add_loop_test(cow, a_page_that_another_process_wrote_is_found, 0, 2);
	suite_add_tcase(suite, cow);
	return suite_run(suite);
}
