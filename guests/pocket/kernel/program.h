/* SPDX-License-Identifier: BSD-2-Clause */
/* The files of programs, on the disk. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "image.h"

/* Sets the image's `file` and `file_size`. 0, or an error of fs_open(). May sleep. */
int32_t program_open(const char *path, struct image *image);

/* Reads up to `size` bytes of the file from `offset` on. Returns how many: fewer where the file
 * ends, or an error. May sleep. */
int32_t program_read(const struct image *image, uint32_t offset, void *buffer, uint32_t size);

void program_close(struct image *image);

#endif
