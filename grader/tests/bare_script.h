/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A script of port accesses, done by a bare machine under Bochs: what two boot sectors of
 * grader/tests/data have in common. Each reads steps at SCRIPT, leaves answers at ANSWERS, and has
 * a table of its own addresses at LABELS; label 1 is where the script is over.
 */
#ifndef BARE_SCRIPT_H
#define BARE_SCRIPT_H

#include "bochs.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BARE_SCRIPT  0x8000u
#define BARE_ANSWERS 0xa000u
#define BARE_LABELS  0x1e0
#define BARE_PLENTY  2000000000u /* instructions */

static char folder[64], image[128];

/* Makes the folder, and the image from a source in grader/tests/data. */
static void script_assemble(const char *source)
{
	char command[512];

	strcpy(folder, "/tmp/check_script.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(image, sizeof(image), "%s/image", folder);
	snprintf(command, sizeof(command), "nasm -f bin -Wall -Werror -o %s grader/tests/data/%s",
		image, source);
	ck_assert_int_eq(system(command), 0);
}

static void script_remove(void)
{
	unlink(image);
	rmdir(folder);
}

static uint32_t script_label(unsigned n)
{
	uint8_t bytes[2];
	FILE *f = fopen(image, "rb");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fseek(f, (long)(BARE_LABELS + 2 * n), SEEK_SET), 0);
	ck_assert_uint_eq(fread(bytes, 1, 2, f), 2);
	fclose(f);
	return (uint32_t)(bytes[0] | bytes[1] << 8);
}

/* Runs the script on a machine with this second disk (NULL: none), to its end. The caller frees the
 * machine. */
static struct bochs *script_run(const char *second, const void *script, size_t script_size,
	void *answers, size_t answers_size)
{
	struct bochs *b;
	int result = bochs_start(&b, &(struct bochs_config){.disk = image, .second_disk = second});

	ck_assert_msg(result == 0, "%s", bochs_error(b));
	ck_assert_int_eq(bochs_run_until(b, 0x7c00, BARE_PLENTY), BOCHS_STOP_BREAKPOINT);
	ck_assert_int_eq(bochs_write_physical(b, BARE_SCRIPT, script, script_size), 0);
	enum bochs_stop stop = bochs_run_until(b, script_label(1), BARE_PLENTY);
	ck_assert_msg(
		stop == BOCHS_STOP_BREAKPOINT, "%s: %s", bochs_stop_name(stop), bochs_report(b));
	ck_assert_uint_eq(
		bochs_read_physical(b, BARE_ANSWERS, answers, answers_size), answers_size);
	return b;
}

#endif
