/* SPDX-License-Identifier: BSD-2-Clause */
/* The good tables that every attack begins with. */
#include "escape.h"

#define FRAMES 96u

static uint8_t frames[FRAMES][PAGE_SIZE] __attribute__((aligned(4096)));
static uint32_t frames_taken;

/* The one table of the identity part is not among the frames: an attack may run out of them. */
static uint32_t identity[TABLE_ENTRIES] __attribute__((aligned(4096)));

uint32_t world_root;

uint32_t frame_new(void)
{
	if (frames_taken == FRAMES) {
		console_printf("an attack needs more than %u frames\n", FRAMES);
		power_off();
	}
	uint32_t frame = (uint32_t)frames[frames_taken++];
	memset(words(frame), 0, PAGE_SIZE);
	return frame;
}

uint32_t frame_filled(uint32_t value)
{
	uint32_t frame = frame_new();

	for (uint32_t i = 0; i < TABLE_ENTRIES; i++)
		words(frame)[i] = value;
	return frame;
}

void map(uint32_t root, uint32_t linear, uint32_t frame, uint32_t bits)
{
	uint32_t *pde = pde_at(root, linear);

	if (!(*pde & PTE_P))
		*pde = frame_new() | PAGE_USER_WRITE;
	*pte_at(root, linear) = frame | bits;
}

void root_fill(uint32_t frame)
{
	memset(words(frame), 0, PAGE_SIZE);
	words(frame)[0] = (uint32_t)identity | PAGE_USER_WRITE;
}

void world_make(void)
{
	interrupts_disable();
	paging_off();
	cr4_write(CR4_PSE);
	cr0_write(CR0_PE | CR0_ET | CR0_NE | CR0_WP);
	/* not those in use: a monitor may need them */
	memset(&kernel_gdt[KERNEL_FREE / 8], 0, sizeof(kernel_gdt) - KERNEL_FREE);
	kernel_tables_load();
	frames_taken = 0;
	for (uint32_t i = 0; i < TABLE_ENTRIES; i++)
		identity[i] = i * PAGE_SIZE | PAGE_USER_WRITE;
	world_root = frame_new();
	root_fill(world_root);
	*words(POOL) = MARK;
	cr2_write(0);
}
