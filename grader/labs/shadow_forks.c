/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program of pocket_quiet starts a child, which ends at once, and waits for it, again and again.
 * Each round begins with the kernel's task_fork(), so what lies between two of these is one fork,
 * exit and wait.
 */
#include "shadow_forks.h"

#include <stdio.h>
#include <string.h>

#define BEFORE 3 /* init's fork, which starts the program; and two rounds */

struct forks forks_boot(bool bare, const char *words, unsigned wanted)
{
	char line[128];
	struct forks forks = {.guest = guest_open("pocket_quiet"), .wanted = wanted};

	snprintf(line, sizeof(line), "mem=%d run=forkwait:%u %s", GUEST_MEGS, wanted + BEFORE,
		words);
	const struct boot_guest guest = {forks.guest, line};
	forks.m = bare ? boot_bare_with(&guest) : boot_several(&guest, 1);
	forks_pass(&forks, BEFORE + 1);
	return forks;
}

void forks_pass(const struct forks *forks, unsigned count)
{
	uint32_t fork = guest_symbol(forks->guest, "task_fork");

	while (count--)
		run_until(forks->m, fork);
}

void forks_end(const struct forks *forks)
{
	char line[64];

	snprintf(line, sizeof(line), "forkwait: %u of %u children", forks->wanted + BEFORE,
		forks->wanted + BEFORE);
	run_to_end(forks->m);
	ck_assert_msg(strstr(console(forks->m), line),
		"pocket_quiet should have printed \"%s\". The console shows\n%s", line,
		console(forks->m));
}
