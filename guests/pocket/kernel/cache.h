/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocks of the file system's disk, in memory.
 *
 * Everything here is called with the file system's lock held (fs.h), by one task at a time.
 *
 * A changed block stays in memory until cache_flush(), which writes all of them, in the order in
 * which they were first changed since the last flush. So between two flushes a block that holds two
 * things is written once, as early as the first of them wants it. The file system flushes at the
 * end of each operation, and within one wherever what follows must not come first.
 */
#ifndef CACHE_H
#define CACHE_H

#include "disk.h"
#include "fs_format.h"

struct buffer {
	uint8_t data[BLOCK_SIZE];

	/* from here on the cache's own */
	uint32_t block;
	unsigned users;
	bool valid;                   /* `data` is what the block is to hold */
	bool changed;                 /* and the disk does not hold it yet */
	struct buffer *newer, *older; /* all buffers, by their last use */
	struct buffer *next_changed;
	struct disk_request request;
};

/* From now on blocks are those of this disk. */
void cache_init(unsigned disk);

/* A block's content, for the caller to read, until cache_put(). NULL: the disk failed. */
struct buffer *cache_get(uint32_t block);

/* The same for a block whose old content does not matter: all zero, and changed. */
struct buffer *cache_get_zeroed(uint32_t block);

/* Before or after the caller changes the content; at the latest before cache_put(). */
void cache_change(struct buffer *buffer);

void cache_put(struct buffer *buffer);

/* Writes what is changed. Returns 0 or ERROR_DISK. */
int32_t cache_flush(void);

/* Lets the disk write what it keeps in its own memory. Returns 0 or ERROR_DISK. */
int32_t cache_sync(void);

#endif
