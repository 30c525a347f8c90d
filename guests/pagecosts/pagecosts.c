/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each operation costs in which page tables have a part: the first touch of a page, a page
 * fault, a write to an entry, INVLPG, a switch of address spaces. Whoever measures counts
 * instructions and exits between the labels of pagecosts.asm, here and on the bare machine.
 *
 * All is prepared before paging goes on: no table is written from then on but where it is measured.
 */
#include "pagecosts.h"
#include "paging.h"

#define ROUNDS 8u /* of pagecosts.asm, as what follows */
#define LOOPED 64u

#define PAGES  0x00800000u /* a page for each round, then the loop's and those of a switch */
#define TABLES 0x01000000u /* 4 MiB for each round, with a table of its own */
#define LARGES 0x04000000u /* a page of 4 MiB for each round */

extern const uint8_t pagecosts_fault_handler[];
void pagecosts_run(void);
void pagecosts_loop(void);
void pagecosts_build(void);

static uint8_t arena[40][PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t frames[LOOPED][PAGE_SIZE] __attribute__((aligned(4096)));

/* What pagecosts.asm works with. */
uint32_t pagecosts_roots[2];
uint32_t pagecosts_new_roots[ROUNDS];
uint32_t *pagecosts_table; /* of PAGES */

static uint32_t root_make(uint32_t table)
{
	uint32_t root = paging_directory();

	*pde_at(root, PAGES) = table | PAGE_USER_WRITE;
	return root;
}

static void tables_fill(void)
{
	frames_init(arena, sizeof(arena) / PAGE_SIZE);
	uint32_t table = frame_take();
	pagecosts_table = table_at(table);
	for (uint32_t i = 0; i < LOOPED; i++)
		pagecosts_table[i] = (uint32_t)frames[i] | PAGE_USER_WRITE;
	for (uint32_t i = 0; i < 2; i++)
		pagecosts_roots[i] = root_make(table);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t at = i * LARGE_PAGE_SIZE;
		pagecosts_new_roots[i] = root_make(table);
		page_map(pagecosts_roots[0], TABLES + at, (uint32_t)frames[i], PAGE_USER_WRITE);
		large_map(pagecosts_roots[0], LARGES + at, 0, PAGE_USER_WRITE);
	}
}

void kernel_main(uint32_t info)
{
	(void)info;
	kernel_tables_load();
	pic_init(0x20, 0x28);
	kernel_idt[VECTOR_PF] =
		gate_make(KERNEL_CS, (uint32_t)pagecosts_fault_handler, GATE_INTERRUPT);
	tables_fill();
	cr4_write(CR4_PSE);
	cr0_write(cr0_read() | CR0_WP);
	paging_on(pagecosts_roots[0]);
	pagecosts_run();
	pagecosts_loop();
	pagecosts_build();
	paging_off();
	console_printf("pagecosts: over\n");
}
