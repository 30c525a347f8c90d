/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program's heap: blocks behind headers, one behind the other from the heap's start to its end.
 * The first free block that is large enough is taken; free neighbours become one on the way.
 */
#include "pocket.h"

#define ALIGNMENT  8u
#define GROW_BYTES 4096u

struct block {
	uint32_t size; /* with this header, a multiple of ALIGNMENT */
	uint32_t used;
};
_Static_assert(sizeof(struct block) == ALIGNMENT, "what follows a header is aligned");

static struct block *first, *end; /* `end` is behind the last */

static struct block *block_next(struct block *block)
{
	return (struct block *)(void *)((uint8_t *)block + block->size);
}

/* One more block, at the end. */
static bool heap_grow(uint32_t size)
{
	size = (size + GROW_BYTES - 1) / GROW_BYTES * GROW_BYTES;
	struct block *block = size > INT32_MAX ? NULL : sbrk((int32_t)size);
	if (!block)
		return false;
	if (!first)
		first = block;
	*block = (struct block){.size = size};
	end = block_next(block);
	return true;
}

static void block_split(struct block *block, uint32_t size)
{
	if (block->size > size) {
		struct block *rest = (struct block *)(void *)((uint8_t *)block + size);
		*rest = (struct block){.size = block->size - size};
		block->size = size;
	}
}

static struct block *block_find(uint32_t size)
{
	for (struct block *block = first; block != end; block = block_next(block)) {
		while (!block->used && block_next(block) != end && !block_next(block)->used)
			block->size += block_next(block)->size;
		if (!block->used && block->size >= size)
			return block;
	}
	return NULL;
}

void *malloc(uint32_t size)
{
	if (size > INT32_MAX)
		return NULL;
	size = (size + sizeof(struct block) + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	struct block *block = block_find(size);
	if (!block && heap_grow(size))
		block = block_find(size);
	if (!block)
		return NULL;
	block_split(block, size);
	block->used = true;
	return block + 1;
}

void free(void *memory)
{
	if (memory)
		((struct block *)memory - 1)->used = false;
}
