/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program's file says about its memory (Tool Interface Standard, ELF 1.2). All tasks that
 * came from the same exec() by fork() use the same image.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include "fs.h"
#include "x86.h"

#define IMAGE_SEGMENTS_MAX 4

struct image_segment {
	uint32_t address, memory_size;
	uint32_t offset, file_size; /* what is not in the file is zero */
	bool writable;
};

struct image {
	uint32_t users;
	struct inode *file; /* see program.c */
	uint32_t file_size; /* bytes */
	uint32_t entry;
	uint32_t end; /* of its highest segment */
	unsigned segment_count;
	struct image_segment segment[IMAGE_SEGMENTS_MAX];
};

/* The image of a file, with one user. An error of fs_open(), ERROR_FORMAT or ERROR_MEMORY. May
 * sleep. */
int32_t image_open(const char *path, struct image **image);

/* One user more. */
void image_share(struct image *image);

/* One user fewer. The last one closes the file, and may sleep. */
void image_close(struct image *image);

/* The first page behind it. */
static inline uint32_t image_heap_start(const struct image *image)
{
	return page_round_up(image->end);
}

#endif
