/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory by the page frame. Without paging, who needs several frames needs them side by side. */
#ifndef FRAMES_H
#define FRAMES_H

#include "x86.h"

/* Takes over all memory behind the kernel. */
void frames_init(void);

/* `count` frames in a row, with whatever is in them; NULL where there are not so many. */
void *frames_allocate(uint32_t count);

/* Some or all of what was allocated, from `frames` on. */
void frames_free(void *frames, uint32_t count);

/* Where the machine's memory ends. */
uint32_t frames_memory_end(void);

#endif
