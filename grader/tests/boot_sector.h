/* SPDX-License-Identifier: BSD-2-Clause */
/* Boot sectors that are assembled on the spot, and bare machines started from them. */
#ifndef BOOT_SECTOR_H
#define BOOT_SECTOR_H

#include "bochs.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BOOT_SECTOR 0x7c00u
#define LABELS      0x1e0       /* offset of the table of labels in a boot sector */
#define PLENTY      1000000000u /* ticks: more than any of these programs needs */

static char folder[64]; /* the test's own */
static char image[128]; /* the boot sector assembled last */

static inline void image_prepare(void)
{
	strcpy(folder, "/tmp/check_bochs.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(image, sizeof(image), "%s/image", folder);
}

/* Assembles tests/data/NAME.asm. */
static inline const char *assemble(const char *name, const char *options)
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

#endif
