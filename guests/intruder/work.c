/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hard work for who keeps copies of code: code where no one expects it, more of it than there is
 * room for, and code that does not stay. All results can be foretold.
 */
#include "intruder.h"
#include "paging.h"

#define BORDER       0x01c00000u /* 28 MiB, in the middle of nothing as far as the guest knows */
#define ABOVE        0x02000000u
#define FLOOD        0x00800000u
#define FLOOD_PAGES  1500u
#define FRAMES       4u
#define ARENA_FRAMES 32u

static uint8_t arena[ARENA_FRAMES][PAGE_SIZE] __attribute__((aligned(4096)));
static uint32_t directory;

static uint32_t critical_size(void)
{
	return (uint32_t)(critical_end - critical);
}

static void paging_begin(void)
{
	frames_init(arena, ARENA_FRAMES);
	directory = paging_directory();
}

/* The critical section at this linear address, which may lie across the end of a page. */
static void check_at(uint32_t address, const char *name)
{
	uint32_t times = 1 + random_below(8);

	memcpy((void *)address, critical, critical_size());
	result_check(name, try_call(address, times), critical_wanted(times));
}

void above_run(void)
{
	paging_begin();
	for (uint32_t page = 0; page < 4; page++) {
		page_map(directory, BORDER + (page - 2) * PAGE_SIZE, frame_take(),
			PAGE_KERNEL_WRITE);
		page_map(directory, ABOVE + page * PAGE_SIZE, frame_take(), PAGE_KERNEL_WRITE);
	}
	paging_on(directory);
	check_at(ABOVE + 100, "far above");
	check_at(ABOVE + PAGE_SIZE - 20, "far above, across two pages");
	check_at(BORDER - 200, "just below 28 MiB");
	check_at(BORDER, "just above 28 MiB");
	for (uint32_t back = 1; back <= critical_size(); back += 1 + random_below(3))
		check_at(BORDER - back, "across 28 MiB");
	paging_off();
}

void flood_run(void)
{
	uint32_t frames[FRAMES], at[FRAMES], wrong = 0;

	paging_begin();
	for (uint32_t i = 0; i < FRAMES; i++) {
		frames[i] = frame_take();
		at[i] = random_below(PAGE_SIZE - critical_size());
		memcpy((void *)(frames[i] + at[i]), critical, critical_size());
	}
	for (uint32_t page = 0; page < FLOOD_PAGES; page++)
		page_map(directory, FLOOD + page * PAGE_SIZE, frames[page % FRAMES],
			PAGE_KERNEL_READ);
	paging_on(directory);
	for (uint32_t i = 0; i < intruder_rounds * 10; i++) {
		uint32_t page = i < FLOOD_PAGES ? i : random_below(FLOOD_PAGES);
		uint32_t times = 1 + random_below(4);
		wrong += try_call(FLOOD + page * PAGE_SIZE + at[page % FRAMES], times) !=
			 critical_wanted(times);
	}
	paging_off();
	result_check("a function in very many pages", wrong, 0);
}

/* ---- storms ---- */

#define CODE_BYTES 64u

static uint8_t page[2][PAGE_SIZE] __attribute__((aligned(4096)));

/* mov eax, value; then PUSHF, CLI, POPF, NOPs and the like at random; ret. `value` is what returns.
 */
static void storm_write(uint8_t *code, uint32_t value)
{
	static const uint8_t middle[] = {0x90, 0xfa, 0xfb, 0xf8, 0xf9, 0xfc};
	uint32_t length = random_below((CODE_BYTES - 16) / 2);

	*code++ = 0xb8;
	memcpy(code, &value, sizeof(value));
	code += 4;
	while (length-- > 1)
		if (random_below(3) == 0) {
			*code++ = 0x9c; /* pushf, popf */
			*code++ = 0x9d;
		} else {
			*code++ = middle[random_below(sizeof(middle))];
		}
	*code++ = 0xfa;
	*code = 0xc3;
}

void storm_run(void)
{
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < intruder_rounds * 10; i++) {
		uint8_t *code = page[random_below(2)] + random_below(PAGE_SIZE - CODE_BYTES);
		uint32_t value = random_u32();
		storm_write(code, value);
		for (uint32_t times = random_below(5); times > 0; times--)
			wrong += try_call((uint32_t)code, 0) != value;
	}
	result_check("functions that are written and run", wrong, 0);
}
