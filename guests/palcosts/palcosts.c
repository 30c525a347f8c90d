/* SPDX-License-Identifier: BSD-2-Clause */
/* What calls of the firmware cost, beside the instructions that they stand for (palcosts.asm). */
#include "kernel.h"
#include "paging.h"
#include "pal_call.h"

#define FRAMES  16u
#define UPDATES 64u /* of palcosts.asm */
#define WINDOW  0x00800000u

void palcosts_run(void);

struct pal_update palcosts_list[UPDATES];
char palcosts_line[61] = "the quick brown fox jumps over the lazy dog, twelve times..\n";
uint32_t palcosts_directory;
uint8_t palcosts_page[PAGE_SIZE] __attribute__((aligned(4096)));

static uint8_t arena[FRAMES * PAGE_SIZE] __attribute__((aligned(4096)));

void kernel_main(uint32_t info)
{
	(void)info;
	kernel_tables_load();
	pic_init(0x20, 0x28);
	console_printf("palcosts: begins\n");
	frames_init(arena, FRAMES);
	palcosts_directory = paging_directory();
	for (uint32_t i = 0; i < UPDATES; i++) {
		uint32_t linear = WINDOW + i * PAGE_SIZE;
		page_map(palcosts_directory, linear, (uint32_t)palcosts_page, PAGE_KERNEL_WRITE);
		palcosts_list[i] = (struct pal_update){(uint32_t)pte_at(palcosts_directory, linear),
			(uint32_t)palcosts_page | PAGE_KERNEL_READ, linear};
	}
	paging_on(palcosts_directory);
	palcosts_run();
	console_printf("palcosts: over\n");
}
