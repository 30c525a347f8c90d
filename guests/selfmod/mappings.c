/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code behind page tables (Intel SDM volume 3A, 4.10.4, 8.1.3): one physical page at several linear
 * addresses, and several physical pages at one linear address. A monitor that knows code by its
 * linear address must hear of the first, one that knows it by its page of the second.
 */
#include "paging.h"
#include "selfmod.h"

#define WINDOW_A     0x00800000u
#define WINDOW_B     0x00c05000u
#define LARGE        0x01000000u /* 4 MiB that are the first 4 MiB */
#define FRAMES       8u
#define ARENA_FRAMES 24u

static uint8_t arena[ARENA_FRAMES][PAGE_SIZE] __attribute__((aligned(4096)));
static uint32_t directories[2], frames[FRAMES];

static void tables_make(void)
{
	frames_init(arena, ARENA_FRAMES);
	for (uint32_t i = 0; i < FRAMES; i++) {
		frames[i] = frame_take();
		for (uint32_t at = 0; at < 512; at += 64)
			sequence_write((uint8_t *)frames[i] + at, i + 1);
	}
	for (uint32_t i = 0; i < 2; i++) {
		directories[i] = paging_directory();
		page_map(directories[i], WINDOW_A, frames[i], PAGE_KERNEL_WRITE);
		page_map(directories[i], WINDOW_B, frames[0], PAGE_KERNEL_WRITE);
		large_map(directories[i], LARGE, 0, PAGE_KERNEL_WRITE);
	}
}

static uint32_t call_wrong(uint32_t at, uint32_t number)
{
	return code_call((const void *)at) != sequence_get(number)->wanted;
}

/* Written through one address, run through another, by turns. */
static void aliases_run(void)
{
	const uint32_t address[] = {WINDOW_A, WINDOW_B, LARGE + frames[0], frames[0]};
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < 200; i++) {
		uint32_t written = random_below(4), run = random_below(4);
		uint32_t number = 1 + random_below(SEQUENCES - 1);
		sequence_write((uint8_t *)address[written], number);
		wrong += call_wrong(address[run], number);
		wrong += call_wrong(address[(run + 1) % 4], number);
	}
	result_check("written through another address", wrong, 0);
}

/* The page table changes, INVLPG says so, and the same address has other code. */
static void remaps_run(void)
{
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < 200; i++) {
		uint32_t frame = 1 + random_below(FRAMES - 1);
		page_map(directories[0], WINDOW_A, frames[frame], PAGE_KERNEL_WRITE);
		page_invalidate(WINDOW_A);
		wrong += call_wrong(WINDOW_A + 64 * random_below(8), frame + 1);
		if (i % 5 == 0) { /* and new code in a page that is elsewhere now */
			for (uint32_t at = 0; at < 512; at += 64)
				sequence_write((uint8_t *)frames[frame] + at, frame + 1);
		}
	}
	result_check("remapped with INVLPG", wrong, 0);
	page_map(directories[0], WINDOW_A, frames[0], PAGE_KERNEL_WRITE);
	page_invalidate(WINDOW_A);
}

/* Other directories, other code at the same address. */
static void switches_run(void)
{
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < 2; i++)
		for (uint32_t at = 0; at < 512; at += 64)
			sequence_write((uint8_t *)frames[i] + at, i + 1);
	for (uint32_t i = 0; i < 200; i++) {
		uint32_t space = random_below(2);
		cr3_write(directories[space]);
		wrong += call_wrong(WINDOW_A + 64 * random_below(8), space + 1);
	}
	cr3_write(directories[0]);
	result_check("switched with MOV CR3", wrong, 0);
}

/* While paging is off the window's address is another page, or none: here, the frame itself. */
static void paging_toggles_run(void)
{
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < 20; i++) {
		uint32_t number = 1 + random_below(SEQUENCES - 1);
		paging_off();
		sequence_write((uint8_t *)frames[0], number);
		wrong += call_wrong(frames[0], number);
		paging_on(directories[0]);
		wrong += call_wrong(WINDOW_A, number);
	}
	result_check("written with paging off", wrong, 0);
}

static uint32_t protected_writes;

/* The first write to a page of code that is read-only. */
static void write_allowed(struct frame *frame)
{
	(void)frame;
	protected_writes++;
	page_protect(directories[0], cr2_read(), PAGE_KERNEL_WRITE);
	page_invalidate(cr2_read());
}

/* The guest protects its code itself, and takes the faults of writes to it. */
static void protected_run(void)
{
	uint32_t wrong = 0;

	handler_set(VECTOR_PF, write_allowed);
	cr0_write(cr0_read() | CR0_WP);
	for (uint32_t i = 0; i < 50; i++) {
		uint32_t number = 1 + random_below(SEQUENCES - 1);
		page_protect(directories[0], WINDOW_A, PAGE_KERNEL_READ);
		page_invalidate(WINDOW_A);
		sequence_write((uint8_t *)WINDOW_A, number);
		wrong += call_wrong(WINDOW_A, number);
		wrong += call_wrong(WINDOW_B, number);
	}
	cr0_write(cr0_read() & ~CR0_WP);
	handler_set(VECTOR_PF, NULL);
	result_check("code that the guest protects", wrong, 0);
	result_check("code that the guest protects: faults", protected_writes, 50);
}

/* The accessed bit is set by fetching, and by nothing else here: the page holds only code. */
static void accessed_run(void)
{
	uint32_t *entry = pte_at(directories[0], WINDOW_A), set = 0, dirty = 0;

	for (uint32_t i = 0; i < 20; i++) {
		*entry &= ~(PTE_A | PTE_D);
		page_invalidate(WINDOW_A);
		set += (*(volatile uint32_t *)entry & PTE_A) != 0;
		code_call((const void *)WINDOW_A);
		set += (*(volatile uint32_t *)entry & PTE_A) != 0;
		dirty += (*(volatile uint32_t *)entry & PTE_D) != 0;
	}
	result_check("the A bit of a page that is run", set, 20);
	result_check("the D bit of a page that is run", dirty, 0);
}

void mappings_run(void)
{
	tables_make();
	cr4_write(CR4_PSE);
	paging_on(directories[0]);
	aliases_run();
	remaps_run();
	switches_run();
	paging_toggles_run();
	protected_run();
	accessed_run();
	paging_off();
}
