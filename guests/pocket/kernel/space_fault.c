/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens when a program touches a page that is not there, or that it may not write yet.
 *
 * Demand paging: the first touch of a page of the image, the heap or the stack gets it a frame. The
 * bytes that the program's file has for it are read from there; all others are zero. Copy on write:
 * the first write to a page that is shared gets the writer a frame of its own.
 *
 * An entry changes in one store, when the frame is complete. Intel SDM volume 3A, 4.7 and 4.10.4.
 */
#include "abi.h"
#include "cpu.h"
#include "frames.h"
#include "paging.h"
#include "program.h"
#include "space.h"
#include "string.h"

/* What the program may do with a page. */
enum rights { RIGHTS_NONE, RIGHTS_READ, RIGHTS_WRITE };

static bool page_has(const struct image_segment *segment, uint32_t page)
{
	return segment->address < page + PAGE_SIZE &&
	       segment->address + segment->memory_size > page;
}

static enum rights page_rights(const struct space *space, uint32_t page)
{
	const struct image *image = space->image;
	enum rights rights = RIGHTS_NONE;

	if (page >= STACK_LOWEST && page < USER_END)
		return RIGHTS_WRITE;
	if (page >= image_heap_start(image))
		return page < space->heap_end ? RIGHTS_WRITE : RIGHTS_NONE;
	for (unsigned i = 0; i < image->segment_count; i++) {
		const struct image_segment *segment = &image->segment[i];
		if (page_has(segment, page) && rights != RIGHTS_WRITE)
			rights = segment->writable ? RIGHTS_WRITE : RIGHTS_READ;
	}
	return rights;
}

/* Reads what the file has for a page into `to`. */
static bool page_read(const struct image *image, uint32_t page, uint8_t *to)
{
	for (unsigned i = 0; i < image->segment_count; i++) {
		const struct image_segment *segment = &image->segment[i];
		uint32_t start = segment->address, end = start + segment->file_size;
		uint32_t offset = segment->offset;
		if (start < page) {
			offset += page - start;
			start = page;
		}
		if (end > page + PAGE_SIZE)
			end = page + PAGE_SIZE;
		if (start >= end)
			continue;
		int32_t size = (int32_t)(end - start);
		if (program_read(image, offset, to + (start - page), (uint32_t)size) != size)
			return false;
	}
	return true;
}

static int32_t page_bring(struct space *space, uint32_t page, enum rights rights)
{
	uint32_t *entry = page_entry_create(space->directory, page);
	uint8_t *frame = entry ? frames_allocate(1) : NULL;

	if (!frame)
		return ERROR_MEMORY;
	memset(frame, 0, PAGE_SIZE);
	if (!page_read(space->image, page, frame)) {
		frames_free(frame, 1);
		return ERROR_FORMAT;
	}
	*entry = (uint32_t)frame | PTE_P | PTE_US | (rights == RIGHTS_WRITE ? PTE_RW : 0);
	return 0;
}

/* Whoever is left alone with a frame keeps it. */
static int32_t page_own(uint32_t *entry, uint32_t page)
{
	void *shared = entry_frame(*entry), *own = shared;

	if (frame_is_shared(shared)) {
		own = frames_allocate(1);
		if (!own)
			return ERROR_MEMORY;
		memcpy(own, shared, PAGE_SIZE);
	}
	page_entry_set(entry, (uint32_t)own | PTE_P | PTE_US | PTE_RW, page);
	if (own != shared)
		frames_free(shared, 1);
	return 0;
}

int32_t space_fault(struct space *space, uint32_t address, bool write)
{
	uint32_t page = address & PTE_FRAME;

	if (address < USER_BASE || address >= USER_END)
		return ERROR_POINTER;
	enum rights rights = page_rights(space, page);
	if (rights == RIGHTS_NONE || (write && rights != RIGHTS_WRITE))
		return ERROR_POINTER;
	uint32_t *entry = page_entry(space->directory, page);
	if (!entry || !(*entry & PTE_P))
		return page_bring(space, page, rights);
	if (write && *entry & PTE_COPY_ON_WRITE)
		return page_own(entry, page);
	page_invalidate(page); /* what the processor remembered was older than the entry */
	return 0;
}
