/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * selftest [PART...]: checks each system call, and what a program relies on besides: that its
 * registers and its memory stay its own. The checks are in the folder selftest, in parts; without
 * words all of them. Prints what fails, and how many checks passed. Its status is the number that
 * failed.
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

static void folder_checks(void)
{
	if (mkdir("/selftest") != 0 || chdir("/selftest") != 0) {
		check(false, "mkdir of /selftest");
		return;
	}
	file_checks();
	name_checks();
	pipe_checks();
	check(chdir("/") == 0 && rmdir("/selftest") == 0, "the directory is empty again");
}

static const struct part {
	const char *name;
	void (*run)(void);
} parts[] = {
	{"calls", call_checks},
	{"processes", process_checks},
	{"frames", frame_checks},
	{"memory", memory_checks},
	{"files", folder_checks},
};

static bool is_wanted(const char *name, int32_t argc, char **argv)
{
	for (int32_t i = 1; i < argc; i++)
		if (strcmp(name, argv[i]) == 0)
			return true;
	return argc == 1;
}

int32_t main(int32_t argc, char **argv)
{
	for (uint32_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (is_wanted(parts[i].name, argc, argv))
			parts[i].run();
	if (failed)
		printf("selftest: %d checks failed\n", failed);
	printf("selftest: %d checks passed\n", passed);
	return failed;
}
