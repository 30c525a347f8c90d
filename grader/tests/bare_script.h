/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A script of port accesses, done by a bare machine under Bochs: what two boot sectors of
 * grader/tests/data have in common. Each reads steps at SCRIPT, leaves answers at ANSWERS, and has
 * a table of its own addresses at LABELS; label 1 is where the script is over.
 */
#ifndef BARE_SCRIPT_H
#define BARE_SCRIPT_H

#include "boot_sector.h"

#define BARE_SCRIPT  0x8000u
#define BARE_ANSWERS 0xa000u
#define BARE_PLENTY  2000000000u /* instructions */

/* Makes the folder, and the image from grader/tests/data/NAME.asm. */
static void script_assemble(const char *name)
{
	image_prepare();
	assemble(name, "");
}

static void script_remove(void)
{
	unlink(image);
	rmdir(folder);
}

/* Runs the script on a machine with this second disk (NULL: none), to its end. The caller frees the
 * machine. */
static struct bochs *script_run(const char *second, const void *script, size_t script_size,
	void *answers, size_t answers_size)
{
	struct bochs *b =
		machine_boot(&(struct bochs_config){.disk = image, .second_disk = second});

	ck_assert_int_eq(bochs_write_physical(b, BARE_SCRIPT, script, script_size), 0);
	enum bochs_stop stop = bochs_run_until(b, label(1), BARE_PLENTY);
	ck_assert_msg(
		stop == BOCHS_STOP_BREAKPOINT, "%s: %s", bochs_stop_name(stop), bochs_report(b));
	ck_assert_uint_eq(
		bochs_read_physical(b, BARE_ANSWERS, answers, answers_size), answers_size);
	return b;
}

#endif
