/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A heap of blocks, each behind a header. Free blocks are listed in the order of their addresses,
 * and no two of them touch: neighbours become one. The first that is large enough is taken, and the
 * heap grows by page frames when there is none. After Kernighan and Ritchie, The C Programming
 * Language, 8.7.
 */
#include "heap.h"

#include "frames.h"
#include "lock.h"
#include "panic.h"

#define ALIGNMENT  16u
#define GROW_BYTES (4 * PAGE_SIZE)

enum { BLOCK_FREE = 0x66726565, BLOCK_USED = 0x75736564 };

struct block {
	uint32_t size;  /* bytes, with this header; a multiple of ALIGNMENT */
	uint32_t state; /* a header that was overwritten has neither value */
	struct block *next;
	uint32_t unused;
};
_Static_assert(sizeof(struct block) == ALIGNMENT, "what follows a header is aligned");

static struct lock lock = {.name = "heap"};
static struct block free_list; /* its `next` is the first free block */

static uint8_t *block_end(struct block *block)
{
	return (uint8_t *)block + block->size;
}

/* Puts a block into the list, and together with the neighbours that it touches. */
static void block_insert(struct block *block)
{
	struct block *before = &free_list;

	while (before->next && before->next < block)
		before = before->next;
	block->state = BLOCK_FREE;
	block->next = before->next;
	before->next = block;
	if (block->next && block_end(block) == (uint8_t *)block->next) {
		block->size += block->next->size;
		block->next = block->next->next;
	}
	if (before != &free_list && block_end(before) == (uint8_t *)block) {
		before->size += block->size;
		before->next = block->next;
	}
}

static bool heap_grow(uint32_t size)
{
	uint32_t bytes = page_round_up(size > GROW_BYTES ? size : GROW_BYTES);
	struct block *block = frames_allocate(bytes / PAGE_SIZE);

	if (!block)
		return false;
	block->size = bytes;
	block_insert(block);
	return true;
}

/* Takes `size` bytes out of the list: the end of the first block that has them. */
static struct block *block_take(uint32_t size)
{
	for (struct block *before = &free_list; before->next; before = before->next) {
		struct block *block = before->next;
		if (block->size < size)
			continue;
		if (block->size == size) {
			before->next = block->next;
			return block;
		}
		block->size -= size;
		struct block *taken = (struct block *)(void *)block_end(block);
		taken->size = size;
		return taken;
	}
	return NULL;
}

void *heap_allocate(uint32_t size)
{
	if (size > UINT32_MAX - PAGE_SIZE)
		return NULL;
	size = (size + sizeof(struct block) + ALIGNMENT - 1) & ~(ALIGNMENT - 1);

	uint32_t flags = lock_acquire(&lock);
	struct block *block = block_take(size);
	if (!block && heap_grow(size))
		block = block_take(size);
	if (block)
		block->state = BLOCK_USED;
	lock_release(&lock, flags);
	return block ? block + 1 : NULL;
}

void heap_free(void *memory)
{
	if (!memory)
		return;
	uint32_t flags = lock_acquire(&lock);
	struct block *block = (struct block *)memory - 1;
	if (block->state != BLOCK_USED)
		panic("%08x is freed, but was not allocated", (uint32_t)memory);
	block_insert(block);
	lock_release(&lock, flags);
}
