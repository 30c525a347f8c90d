/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest `disk` keeps of what it saw. */
#ifndef DISK_H
#define DISK_H

#include <stdint.h>

#define DISK_PLACES 4  /* sectors that are read in several ways */
#define DISK_RUN    20 /* sectors of a long transfer */
#define DISK_BLOCK  8  /* of those, in one block of READ and WRITE MULTIPLE */
#define DISK_TEXT   44 /* characters, with the final NUL */

/* Status and error register after a command that transfers nothing, or that fails. */
struct disk_answer {
	uint32_t status, error;
};

struct disk_results {
	/* IDENTIFY DEVICE */
	char model[DISK_TEXT];
	uint32_t cylinders, heads, track, sectors, multiple_max;
	/* sums of what was read at each place: words one by one, a string of words, of doublewords,
	 * by cylinder, head and sector, and with the interrupt's help */
	uint32_t by_words[DISK_PLACES], by_string[DISK_PLACES], by_doublewords[DISK_PLACES];
	uint32_t by_geometry[DISK_PLACES], by_interrupt[DISK_PLACES];
	/* long transfers: sums, and how many interrupts came */
	uint32_t run_read, run_read_interrupts;
	uint32_t block_read, block_read_interrupts;
	uint32_t run_written_interrupts, block_written_interrupts;
	/* sum of a sector that was written by polling, and read again */
	uint32_t written;
	/* commands that transfer nothing */
	struct disk_answer set_multiple, set_multiple_3, flush, verify, seek, recalibrate,
		parameters;
	struct disk_answer transfer_mode, unknown;
	/* beyond the last sector: whether the command failed, and nothing was transferred */
	uint32_t beyond_read, beyond_written, beyond_seek;
	/* with interrupts off at the drive: how many came, and the sum of what was read */
	uint32_t silent_interrupts, silent_read;
	/* registers after a software reset: count, sector, cylinder low and high, device, error */
	uint32_t signature[6];
	uint32_t reset_status;
	uint32_t slave_status; /* of the drive that is not there */
	uint32_t interrupts;   /* all that came */
};

#endif
