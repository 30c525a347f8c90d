/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Submissions: what a student hands in, as a folder or a tar archive, taken with suspicion.
 *
 * Only the lab's own files are taken, each a regular file of 1 byte to 1 MiB. They are looked
 * for in the folder itself, or in its subfolder that is named like the lab's; in an archive also
 * below one leading folder that all of its entries share. Where the subfolder exists, it alone
 * counts. Everything else in a submission is ignored.
 */
#ifndef RINGFENCE_SUBMISSION_H
#define RINGFENCE_SUBMISSION_H

#include "judge.h"

#include <signal.h>

#define SUBMISSION_FILE_MAX    (1u << 20)  /* bytes of one file */
#define SUBMISSION_ARCHIVE_MAX (64u << 20) /* bytes of an archive, packed and unpacked */
#define SUBMISSION_ENTRIES_MAX 10000u      /* in an archive */

/* Who is to blame? */
enum blame {
	BLAME_NOBODY,
	BLAME_SUBMISSION, /* it costs points */
	BLAME_KIT         /* it could not be judged: never a zero */
};

/*
 * Copies the lab's files from `from` (a folder, or a tar archive in any of the usual
 * compressions) into `folder`, which exists and is empty; names as in lab->files, mode 0644.
 *
 * A file whose name ends in ".txt" may be missing or empty: it is not copied then, and the
 * tests that need it fail. Links of both kinds, devices, folders in a file's place, archives
 * that are damaged, endless, packed twice, or that hold an absolute path or "..": refused.
 * On blame `message` holds one sentence (freed by the caller, NULL otherwise).
 */
enum blame submission_collect(
	const struct lab *lab, const char *from, const char *folder, char **message);

/* The subfolders of a work folder that submission_compile() makes. */
#define WORK_SUBMISSION "submission" /* what submission_collect() filled */
#define WORK_MONITOR    "monitor.elf"
#define WORK_GUESTS     "guests" /* NAME.elf of each of lab->guests */

/*
 * Compiles the collected organs in WORK/submission with the kit's chassis, inside the sandbox:
 * WORK/monitor.elf. The same for a driver and the guests with it: WORK/guests/. `stop`: see
 * sandbox.h. On blame `message` holds what to tell: for a student the compiler's messages, escaped,
 * at most 40 lines, without the work folder's name.
 */
enum blame submission_compile(const struct lab *lab, const char *kit, const char *work,
	const volatile sig_atomic_t *stop, char **message);

#endif
