/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the Bochs driver share: boot sectors assembled on the spot, machines started
 * from them, and the promise that every test is held to: no process, no file and no descriptor is
 * left.
 */
#ifndef BOCHS_FIXTURE_H
#define BOCHS_FIXTURE_H

#include "bochs.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOOT_SECTOR 0x7c00u
#define LABELS      0x1e0       /* offset of the table of labels in a boot sector */
#define PLENTY      1000000000u /* ticks: more than any of these programs needs */

static char folder[64]; /* the test's own, also its TMPDIR */
static char image[128]; /* the boot sector assembled last */
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

static void folder_make(void)
{
	strcpy(folder, "/tmp/check_bochs.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(setenv("TMPDIR", folder, 1), 0);
	unsetenv("BOCHS");
	snprintf(image, sizeof(image), "%s/image", folder);
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

/* Assembles tests/data/NAME.asm. */
static const char *assemble(const char *name, const char *options)
{
	char command[512];

	snprintf(command, sizeof(command),
		"nasm -f bin -Wall -Werror %s -o %s grader/tests/data/%s.asm", options, image,
		name);
	ck_assert_int_eq(system(command), 0);
	return image;
}

/* The address of the n-th label in the boot sector's table. */
static inline uint32_t label(size_t n)
{
	FILE *f = fopen(image, "rb");
	uint8_t bytes[2];

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fseek(f, (long)(LABELS + 2 * n), SEEK_SET), 0);
	ck_assert_uint_eq(fread(bytes, 1, 2, f), 2);
	fclose(f);
	return (uint32_t)(bytes[0] | bytes[1] << 8);
}

static inline struct bochs *machine_start(const struct bochs_config *config)
{
	struct bochs *b;
	int result = bochs_start(&b, config);

	ck_assert_msg(result == 0, "%s", bochs_error(b));
	return b;
}

/* Starts a machine and runs it up to its boot sector. */
static inline struct bochs *machine_boot(const struct bochs_config *config)
{
	struct bochs *b = machine_start(config);

	ck_assert_int_eq(bochs_run_until(b, BOOT_SECTOR, PLENTY), BOCHS_STOP_BREAKPOINT);
	return b;
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
