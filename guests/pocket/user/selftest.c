/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks each system call, and what a program relies on besides: that its registers and its memory
 * stay its own. The checks are in the folder selftest. Prints what fails, and how many checks
 * passed. Its status is the number that failed.
 */
#include "selftest/checks.h"

static int32_t passed, failed;

void check(bool good, const char *what)
{
	if (good) {
		passed++;
		return;
	}
	failed++;
	printf("selftest: FAILED: %s\n", what);
}

int32_t child_status(int32_t (*function)(void))
{
	int32_t status, child = fork();

	if (child == 0)
		exit(function());
	return child > 0 && waitpid(child, &status) == child ? status : STATUS_NONE;
}

int32_t main(void)
{
	call_checks();
	process_checks();
	memory_checks();
	if (mkdir("/selftest") == 0 && chdir("/selftest") == 0) {
		file_checks();
		name_checks();
		pipe_checks();
		check(chdir("/") == 0 && rmdir("/selftest") == 0, "the directory is empty again");
	} else {
		check(false, "mkdir of /selftest");
	}
	if (failed)
		printf("selftest: %d checks failed\n", failed);
	printf("selftest: %d checks passed\n", passed);
	return failed;
}
