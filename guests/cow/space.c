/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address spaces that share what nobody writes.
 *
 * Invariants: `owners` of a frame is the number of entries that map it, in all spaces. A page with
 * PTE_SHARED is not writable in any table; when it is written, the writer gets a frame of its own,
 * or the frame itself where no other owner is left. The kernel runs with CR0.WP, so its own writes
 * to a process's memory fault like the process's.
 */
#include "cow.h"

#define ARENA_FRAMES 512u
#define PTE_SHARED   (1u << 9) /* one of the bits that are the kernel's to use (4.3) */

static uint8_t arena[ARENA_FRAMES * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static uint16_t owners[ARENA_FRAMES];
static uint32_t zero_frame;

struct cow_counts cow_counts;

static uint16_t *owners_of(uint32_t frame)
{
	return &owners[((frame & PTE_FRAME) - (uint32_t)arena) / PAGE_SIZE];
}

static uint32_t frame_new(void)
{
	uint32_t frame = frame_take();

	*owners_of(frame) = 1;
	return frame;
}

static void frame_drop(uint32_t frame)
{
	if (--*owners_of(frame) == 0)
		frame_give(frame & PTE_FRAME);
}

uint32_t space_new(void)
{
	return paging_directory();
}

static uint32_t table_fork(uint32_t *from)
{
	uint32_t table = frame_take();

	for (uint32_t i = 0; i < TABLE_ENTRIES; i++) {
		if (!from[i])
			continue;
		if (from[i] & PTE_RW)
			from[i] = (from[i] & ~PTE_RW) | PTE_SHARED;
		++*owners_of(from[i]);
		table_at(table)[i] = from[i];
	}
	return table;
}

uint32_t space_fork(uint32_t directory)
{
	uint32_t child = space_new();

	for (uint32_t i = pde_index(KERNEL_SIZE); i < TABLE_ENTRIES; i++) {
		uint32_t pde = table_at(directory)[i];
		if (pde & PTE_P)
			table_at(child)[i] = table_fork(table_at(pde)) | PAGE_USER_WRITE;
	}
	/* the processor may still hold entries in which the pages were writable */
	cr3_write(directory);
	return child;
}

void space_free(uint32_t directory)
{
	for (uint32_t i = pde_index(KERNEL_SIZE); i < TABLE_ENTRIES; i++) {
		uint32_t pde = table_at(directory)[i];
		if (!(pde & PTE_P))
			continue;
		for (uint32_t j = 0; j < TABLE_ENTRIES; j++)
			if (table_at(pde)[j])
				frame_drop(table_at(pde)[j]);
		frame_give(pde & PTE_FRAME);
	}
	frame_give(directory);
}

void spaces_init(void)
{
	frames_init(arena, ARENA_FRAMES);
	zero_frame = frame_new();
	space_free(space_new()); /* the table of the kernel's own memory stays */
}

static bool is_process_memory(uint32_t linear)
{
	return linear - DATA < DATA_PAGES * PAGE_SIZE ||
	       linear - (STACK_END - STACK_PAGES * PAGE_SIZE) < STACK_PAGES * PAGE_SIZE;
}

/* Never touched: who reads gets the page of zeros, who writes one of its own. */
static void page_fill(uint32_t directory, uint32_t page, bool write)
{
	if (write) {
		page_map(directory, page, frame_new(), PAGE_USER_WRITE);
		cow_counts.zeroed++;
	} else {
		++*owners_of(zero_frame);
		page_map(directory, page, zero_frame, PAGE_USER_READ | PTE_SHARED);
		cow_counts.zero_shared++;
	}
}

static void page_copy(uint32_t to, uint32_t from)
{
	uint32_t count = PAGE_SIZE / 4;

	__asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

static void page_own(uint32_t *entry)
{
	uint32_t shared = *entry & PTE_FRAME, own = shared;

	if (*owners_of(shared) == 1) {
		cow_counts.taken_over++;
	} else {
		own = frame_new();
		page_copy(own, shared);
		frame_drop(shared);
		cow_counts.copied++;
	}
	*entry = own | PAGE_USER_WRITE;
}

bool space_fault(uint32_t directory, uint32_t linear, uint32_t error_code)
{
	uint32_t page = linear & PTE_FRAME, *entry = pte_at(directory, linear);

	if (!is_process_memory(linear))
		return false;
	if (!(error_code & PF_P)) {
		/* what is not present is held nowhere: nothing to invalidate */
		page_fill(directory, page, error_code & PF_WR);
		return true;
	}
	if (!(error_code & PF_WR) || !(*entry & PTE_SHARED))
		return false;
	page_own(entry);
	page_invalidate(linear);
	return true;
}
