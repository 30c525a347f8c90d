/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's heap, for what is smaller than a page. */
#ifndef HEAP_H
#define HEAP_H

#include <stdint.h>

/* Aligned to 16 bytes; NULL where there is no memory. */
void *heap_allocate(uint32_t size);

/* What heap_allocate() gave. NULL is allowed. */
void heap_free(void *memory);

#endif
