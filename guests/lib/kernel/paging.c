/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames and page tables of a guest: see paging.h. */
#include "paging.h"

static uint32_t free_frames[FRAMES_MAX]; /* a stack */
static uint32_t free_count;

/* guest.ld: where code of ring 3 begins and ends */
extern const uint8_t user_code_start[], user_code_end[];

void frames_init(void *arena, uint32_t count)
{
	free_count = 0;
	while (count-- && free_count < FRAMES_MAX)
		frame_give((uint32_t)arena + count * PAGE_SIZE);
}

uint32_t frame_take(void)
{
	if (free_count == 0) {
		console_printf("no frame is free\n");
		power_off();
	}
	uint32_t frame = free_frames[--free_count], *word = table_at(frame);
	uint32_t count = PAGE_SIZE / 4;
	__asm__ volatile("rep stosl" : "+D"(word), "+c"(count) : "a"(0) : "memory");
	return frame;
}

void frame_give(uint32_t frame)
{
	free_frames[free_count++] = frame;
}

uint32_t frames_free(void)
{
	return free_count;
}

uint32_t *pte_at(uint32_t directory, uint32_t linear)
{
	uint32_t pde = *pde_at(directory, linear);

	if (!(pde & PTE_P) || (pde & PTE_PS))
		return NULL;
	return &table_at(pde)[pte_index(linear)];
}

static uint32_t kernel_table(void)
{
	static uint32_t table;
	uint32_t user_end = (uint32_t)user_code_end;

	if (table)
		return table;
	table = frame_take();
	for (uint32_t page = 0; page < KERNEL_SIZE; page += PAGE_SIZE)
		table_at(table)[pte_index(page)] = page | PAGE_KERNEL_WRITE | PTE_A | PTE_D;
	for (uint32_t at = (uint32_t)user_code_start; at < user_end;
		at = (at & PTE_FRAME) + PAGE_SIZE)
		table_at(table)[pte_index(at)] |= PTE_US;
	return table;
}

uint32_t paging_directory(void)
{
	uint32_t directory = frame_take();

	*pde_at(directory, 0) = kernel_table() | PAGE_USER_WRITE | PTE_A;
	return directory;
}

void page_map(uint32_t directory, uint32_t linear, uint32_t frame, uint32_t bits)
{
	if (!pte_at(directory, linear))
		*pde_at(directory, linear) = frame_take() | PAGE_USER_WRITE;
	*pte_at(directory, linear) = frame | bits;
}

void large_map(uint32_t directory, uint32_t linear, uint32_t physical, uint32_t bits)
{
	*pde_at(directory, linear) = physical | PTE_PS | bits;
}

uint32_t page_unmap(uint32_t directory, uint32_t linear)
{
	uint32_t *entry = pte_at(directory, linear);
	uint32_t was = 0;

	if (entry) {
		was = *entry;
		*entry = 0;
	}
	return was;
}

void page_protect(uint32_t directory, uint32_t linear, uint32_t bits)
{
	uint32_t *entry = pte_at(directory, linear);

	*entry = (*entry & PTE_FRAME) | bits;
}
