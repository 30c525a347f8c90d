/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 3, a graded test with a whole operating system: guests/pocket, in the build that does without
 * what lab 4 is about. Processes, demand paging, copy on write, programs that are ended, and a
 * disk: what it prints and what it leaves on the disk must be what it does on the bare machine.
 */
#include "pocket.h"
#include "shadow_tests.h"

#define CHOICES 4

/* "run=..." with what a process can do, in an order drawn from the seed. */
static void random_words(char *line, size_t size)
{
	char program[CHOICES][96], name[16], kept[96];

	random_word(name);
	snprintf(program[0], sizeof(program[0]), "selftest:calls:processes:memory");
	snprintf(program[1], sizeof(program[1]), "forkwait:%u", 15 + random_below(10));
	snprintf(program[2], sizeof(program[2]), "cow,vm:%u", 100 + random_below(400));
	snprintf(program[3], sizeof(program[3]), "cp:/bin/hello:/%s,/%s", name, name);
	for (unsigned i = CHOICES; i > 1; i--) {
		unsigned other = random_below(i);
		memcpy(kept, program[i - 1], sizeof(kept));
		memcpy(program[i - 1], program[other], sizeof(kept));
		memcpy(program[other], kept, sizeof(kept));
	}
	snprintf(line, size, "mem=4 run=%s,%s,%s,%s", program[0], program[1], program[2],
		program[3]);
}

START_TEST(a_kernel_with_processes_runs_as_bare)
{
	char words[400];
	struct guest *guest = guest_open("pocket_quiet");

	random_words(words, sizeof(words));
	const struct boot_guest with_words = {guest, words};
	struct machine *bare = boot_bare_with(&with_words), *m = boot_several(&with_words, 1);
	hint("A process that sees another's memory, or a page that it shares and writes? `make run LAB=3 GUEST=pocket_quiet ARGS=\"%s audit=20\"` looks at each entry.",
		words);
	pocket_run(bare, guest);
	pocket_run(m, guest);
	run_to_end(bare);
	run_to_end(m);
	assert_same_console(bare, m);
	assert_same_files(bare, m, guest);
}
END_TEST

const struct graded_test shadow_kernel_tests[] = {
	{&a_kernel_with_processes_runs_as_bare, EQUIVALENCE, 3, "pocket_quiet"},
	{0},
};
