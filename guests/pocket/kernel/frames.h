/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory by the page frame. Each frame has a number of users: pages that share it. It is free again
 * when the last user has given it up. All physical memory is mapped where it is, so a frame's
 * address is also the kernel's pointer to it.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include "x86.h"

/* Takes over all memory behind the kernel. */
void frames_init(void);

/* `count` frames in a row, each with one user and whatever is in it; NULL where there are not so
 * many. */
void *frames_allocate(uint32_t count);

/* One user fewer for each of `count` frames. */
void frames_free(void *frames, uint32_t count);

/* One user more. */
void frame_share(void *frame);

bool frame_is_shared(void *frame);

uint32_t frames_free_count(void);

/* Where the machine's memory ends. */
uint32_t frames_memory_end(void);

#endif
