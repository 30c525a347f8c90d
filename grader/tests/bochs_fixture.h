/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the Bochs driver share: boot sectors assembled on the spot, machines started
 * from them, and the promise that every test is held to: no process, no file and no descriptor is
 * left.
 */
#ifndef BOCHS_FIXTURE_H
#define BOCHS_FIXTURE_H

#include "boot_sector.h"

#include <dirent.h>
#include <errno.h>
#include <sys/wait.h>

static size_t fds_before;

static size_t entries_count(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* The folder is also the test's TMPDIR. */
static void folder_make(void)
{
	image_prepare();
	ck_assert_int_eq(setenv("TMPDIR", folder, 1), 0);
	unsetenv("BOCHS");
	fds_before = entries_count("/proc/self/fd");
}

/* After a test that passed: all that is left is the image. */
static void folder_check_and_remove(void)
{
	ck_assert_uint_eq(entries_count("/proc/self/fd"), fds_before);
	ck_assert_int_eq(waitpid(-1, NULL, 0), -1);
	ck_assert_int_eq(errno, ECHILD);
	unlink(image);
	ck_assert_msg(rmdir(folder) == 0, "the machine left something in %s", folder);
}

static inline const struct bochs_registers *registers(struct bochs *b)
{
	const struct bochs_registers *r = bochs_registers(b);

	ck_assert_msg(r != NULL, "%s", bochs_error(b));
	return r;
}

#define ck_assert_stop(b, got, expected)                                                           \
	do {                                                                                       \
		enum bochs_stop got_ = (got);                                                      \
		ck_assert_msg(got_ == (expected), "stopped for %s, not for %s: %s",                \
			bochs_stop_name(got_), bochs_stop_name(expected), bochs_error(b));         \
	} while (0)

static int suite_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
