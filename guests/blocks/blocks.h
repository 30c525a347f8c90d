/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of the guest `blocks`: blocks.c says what is to be done, model.c knows what must come
 * out, and virtio.c or ide.c does it.
 */
#ifndef BLOCKS_H
#define BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#define SECTOR_SIZE   512u
#define SECTORS_MAX   64u   /* of one transfer */
#define QUEUED        64u   /* transfers at once */
#define QUEUED_SPAN   8u    /* sectors of one of those, at most */
#define MODEL_SECTORS 4096u /* of a disk, at most */

enum transfer_kind { TRANSFER_READ, TRANSFER_WRITE, TRANSFER_FLUSH };

struct transfer {
	enum transfer_kind kind;
	uint32_t sector, count; /* FLUSH: 0 */
	uint8_t *data;
	bool failed; /* what came of it */
};

/* One way to the disk. */
struct driver {
	const char *name;
	uint32_t sectors;
	/* Does all of them, in any order. `by_interrupt`: it sleeps until they are done. */
	void (*transfer)(struct transfer *transfers, uint32_t count, bool by_interrupt);
};

/* ---- virtio.c, ide.c: whether there is such a disk ---- */

bool virtio_open(struct driver *driver, const char *command_line, uint32_t size, bool events);
bool ide_open(struct driver *driver);

/* ---- model.c ---- */

/* Data for a transfer to write: other data each time. */
void model_fill(struct transfer *transfer);

/* What has been written, or read, agrees with the model: what a sector was first read as, or last
 * written with, is what it is. False: it does not. */
bool model_check(const struct transfer *transfer);

uint32_t sum_of(const void *data, uint32_t bytes, uint32_t sum);

/* ---- what a test may look at ---- */

struct blocks_results {
	uint32_t by_virtio, sectors;   /* of the disk */
	uint32_t descriptors, events;  /* virtio: as negotiated */
	uint32_t transfers, moved;     /* how many; sectors of them */
	uint32_t interrupts, mistakes; /* what did not agree with the model, or failed */
	uint32_t sum;                  /* of all that was read, in order */
};
extern struct blocks_results blocks_results;

/* Called when a step begins and when it has ended: each has a step's number. */
void blocks_begin(uint32_t step);
void blocks_end(uint32_t step);

#endif
