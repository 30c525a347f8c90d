/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One page of code at several linear addresses and in several address spaces, several pages of code
 * at one linear address, and code that changes its own address space while it runs.
 */
#include "paging.h"
#include "views.h"

#define WINDOW_A     0x00800000u
#define WINDOW_B     0x00801000u
#define WINDOW_C     0x00c34000u
#define WINDOW_OFF   0x00380000u /* there is memory, and nothing in it */
#define LARGE        0x01000000u /* 4 MiB that are the first 4 MiB */
#define ARENA_FRAMES 16u
#define CS_SHIFT     28

static uint8_t arena[ARENA_FRAMES][PAGE_SIZE] __attribute__((aligned(4096)));
static uint32_t directories[2];

extern const uint8_t space_where[], space_where_end[], space_switch[], space_switch_end[],
	space_first[], space_first_end[], space_paging_off[], space_paging_off_end[];

static uint32_t call(uint32_t address, uint32_t argument)
{
	return ((uint32_t(*)(uint32_t))address)(argument);
}

/* `where` in the code is the POP behind the CALL: 2 bytes and 5 bytes. */
static uint32_t where_wanted(uint32_t address)
{
	return address + 7 + *(const uint32_t *)space_where + ((uint32_t)KERNEL_CS << CS_SHIFT);
}

static void aliases_run(uint32_t frame)
{
	const uint32_t address[] = {WINDOW_A, WINDOW_B, WINDOW_C, LARGE + frame, frame};
	uint32_t wrong = 0, at = 0;

	for (uint32_t i = 0; i < views_rounds; i++) {
		uint32_t space = random_below(2), page = address[random_below(5)];
		cr3_write(directories[space]);
		wrong += call(page + at, 0) != where_wanted(page + at);
		if (i % 16 == 0) { /* somewhere else in the page */
			at = random_below(PAGE_SIZE - 64);
			memcpy((uint8_t *)frame + at, space_where,
				code_size(space_where, space_where_end));
		}
	}
	cr3_write(directories[0]);
	result_check("one page at several addresses", wrong, 0);
}

static void switch_run(void)
{
	uint32_t a = frame_take(), b = frame_take(), wrong = 0;

	memcpy((void *)a, space_switch, code_size(space_switch, space_switch_end));
	memcpy((void *)b, space_first, code_size(space_first, space_first_end));
	page_map(directories[0], WINDOW_A, a, PAGE_KERNEL_WRITE);
	page_map(directories[1], WINDOW_A, b, PAGE_KERNEL_WRITE);
	for (uint32_t i = 0; i < 40; i++) {
		uint32_t space = random_below(2);
		cr3_write(directories[space]);
		wrong +=
			call(WINDOW_A, directories[1 - space]) != (space ? 0x11111111 : 0x22222222);
		wrong += cr3_read() != directories[space];
		wrong += call(WINDOW_A, directories[space]) != (space ? 0x22222222 : 0x11111111);
	}
	cr3_write(directories[0]);
	result_check("MOV CR3 under its own feet", wrong, 0);
}

static void paging_off_run(void)
{
	uint32_t frame = frame_take(), size = code_size(space_paging_off, space_paging_off_end);
	uint32_t wrong = 0, operand = 0;

	while (*(const uint32_t *)(space_paging_off + operand) != 0x11111111)
		operand++;
	memcpy((void *)frame, space_paging_off, size);
	page_map(directories[0], WINDOW_OFF, frame, PAGE_KERNEL_WRITE);
	for (uint32_t i = 0; i < 10; i++) {
		paging_off();
		memcpy((void *)WINDOW_OFF, space_paging_off, size);
		*(uint32_t *)(WINDOW_OFF + operand) = 0x33330000 + i;
		paging_on(directories[0]);
		wrong += call(WINDOW_OFF, 0) != 0x33330000 + i;
		*(uint32_t *)(WINDOW_OFF + operand) = i; /* the other one, which is not run there */
	}
	page_map(directories[0], WINDOW_OFF, WINDOW_OFF, PAGE_KERNEL_WRITE);
	result_check("paging off under its own feet", wrong, 0);
}

void spaces_run(void)
{
	frames_init(arena, ARENA_FRAMES);
	uint32_t frame = frame_take();
	memcpy((void *)frame, space_where, code_size(space_where, space_where_end));
	for (uint32_t i = 0; i < 2; i++) {
		directories[i] = paging_directory();
		page_map(directories[i], WINDOW_A, frame, PAGE_KERNEL_WRITE);
		page_map(directories[i], WINDOW_B, frame, PAGE_KERNEL_READ);
		page_map(directories[i], WINDOW_C, frame, PAGE_KERNEL_WRITE);
		large_map(directories[i], LARGE, 0, PAGE_KERNEL_WRITE);
	}
	cr4_write(CR4_PSE);
	paging_on(directories[0]);
	aliases_run(frame);
	switch_run();
	paging_off_run();
	paging_off();
}
