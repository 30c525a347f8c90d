/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address spaces: made, copied, given back, switched. See space.h.
 *
 * A frame has one user for each page table entry that points to it. An entry allows writing only
 * while its frame has no other user. To copy a space, every entry loses RW and every frame gets a
 * user more; who writes first gets a copy (space_fault.c). A page table has always one user.
 */
#include "space.h"

#include "abi.h"
#include "cpu.h"
#include "frames.h"
#include "heap.h"
#include "paging.h"
#include "panic.h"
#include "string.h"

static struct space *loaded; /* NULL: the kernel's own directory */

void space_load(struct space *space)
{
	uint32_t flags = interrupts_disable();

	if (space != loaded) {
		loaded = space;
		cr3_write((uint32_t)(space ? space->directory : kernel_directory()));
	}
	interrupts_restore(flags);
}

struct space *space_create(struct image *image)
{
	struct space *space = heap_allocate(sizeof(*space));

	if (!space)
		return NULL;
	space->directory = directory_create();
	if (!space->directory) {
		heap_free(space);
		return NULL;
	}
	space->image = image;
	space->heap_end = image_heap_start(image);
	return space;
}

/* The table maps the 4 MiB from `start` on. */
static void table_copy(uint32_t *to, uint32_t *from, uint32_t start, struct batch *batch)
{
	unsigned i = 0;

	memset(to, 0, PAGE_SIZE);
	for (; (i = entry_next(from, i, TABLE_ENTRIES)) < TABLE_ENTRIES; i++) {
		to[i] = from[i];
		if (from[i] & PTE_RW) {
			to[i] = (from[i] & ~PTE_RW) | PTE_COPY_ON_WRITE;
			batch_set(batch, &from[i], to[i], start + i * PAGE_SIZE);
		}
		frame_share(entry_frame(to[i]));
	}
}

/* The index of the next page table of a program. */
static unsigned table_next(const struct space *space, unsigned from)
{
	return entry_next(space->directory, from, DIRECTORY_USER_END);
}

static bool tables_copy(struct space *to, const struct space *from)
{
	unsigned i = DIRECTORY_USER_FIRST;
	uint32_t *table = NULL;
	struct batch batch;

	batch_begin(&batch);
	for (; (i = table_next(from, i)) < DIRECTORY_USER_END; i++) {
		uint32_t entry = from->directory[i];
		table = frames_allocate(1);
		if (!table)
			break;
		table_copy(table, entry_frame(entry), i * LARGE_PAGE_SIZE, &batch);
		to->directory[i] = (uint32_t)table | (entry & ~PTE_FRAME);
	}
	batch_end(&batch);
	return i == DIRECTORY_USER_END;
}

struct space *space_copy(struct space *space)
{
	if (frames_free_count() < FRAMES_RESERVE)
		return NULL;
	struct space *copy = space_create(space->image);
	if (!copy)
		return NULL;
	image_share(copy->image);
	copy->heap_end = space->heap_end;
	bool copied = tables_copy(copy, space);
	cr3_write((uint32_t)space->directory); /* the processor may remember that it could write */
	if (copied)
		return copy;
	space_destroy(copy);
	return NULL;
}

static void table_free(uint32_t *table)
{
	unsigned i = 0;

	for (; (i = entry_next(table, i, TABLE_ENTRIES)) < TABLE_ENTRIES; i++)
		frames_free(entry_frame(table[i]), 1);
	frames_free(table, 1);
}

void space_destroy(struct space *space)
{
	unsigned i = DIRECTORY_USER_FIRST;

	if (space == loaded)
		panic("the running address space is destroyed");
	for (; (i = table_next(space, i)) < DIRECTORY_USER_END; i++)
		table_free(entry_frame(space->directory[i]));
	frames_free(space->directory, 1);
	image_close(space->image);
	heap_free(space);
}

bool space_put(struct space *space, uint32_t address, void *frame)
{
	uint32_t *entry = page_entry_create(space->directory, address);

	if (!entry)
		return false;
	*entry = (uint32_t)frame | PTE_P | PTE_RW | PTE_US;
	return true;
}

static void pages_remove(struct space *space, uint32_t start, uint32_t end)
{
	for (uint32_t address = start; address < end; address += PAGE_SIZE) {
		uint32_t *entry = page_entry(space->directory, address);
		if (!entry || !(*entry & PTE_P))
			continue;
		void *frame = entry_frame(*entry);
		page_entry_set(entry, 0, address);
		frames_free(frame, 1);
	}
}

/* A heap that could never be filled is refused here, rather than when its pages are touched. */
uint32_t space_move_heap_end(struct space *space, int32_t bytes)
{
	uint32_t old = space->heap_end, new = old + (uint32_t)bytes;
	uint32_t start = image_heap_start(space->image);

	if (bytes >= 0) {
		if ((uint32_t)bytes > HEAP_LIMIT - old)
			return (uint32_t)ERROR_MEMORY;
		uint32_t pages = (page_round_up(new) - page_round_up(old)) / PAGE_SIZE;
		if (pages > 0 && pages + FRAMES_RESERVE > frames_free_count())
			return (uint32_t)ERROR_MEMORY;
	} else if (0 - (uint32_t)bytes > old - start) {
		return (uint32_t)ERROR_MEMORY;
	}
	space->heap_end = new;
	pages_remove(space, page_round_up(new), page_round_up(old));
	return old;
}
