/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's pages, and the way to a program's.
 *
 * The kernel's pages are global: they are in every directory, so translations of them stay when CR3
 * changes. They are large pages, except the first 4 MiB: there page 0 is missing, and the kernel's
 * code and constants are read-only. CR0.WP makes the kernel obey that too. Intel SDM volume 3A,
 * 4.1.3 and 4.10.2.4.
 */
#include "paging.h"

#include "abi.h"
#include "cpu.h"
#include "frames.h"
#include "string.h"

#define DIRECTORY_INDEX(address) ((address) / LARGE_PAGE_SIZE)
#define TABLE_INDEX(address)     ((address) / PAGE_SIZE % TABLE_ENTRIES)
#define PTE_KERNEL               (PTE_P | PTE_RW | PTE_G)
#define GROUP                    8u        /* TABLE_ENTRIES is a multiple of it */
#define KERNEL_TEXT              0x100000u /* kernel.ld */

extern uint8_t kernel_data[]; /* kernel.ld: its first byte that is written */

static uint32_t directory[TABLE_ENTRIES] __attribute__((aligned(PAGE_SIZE)));
static uint32_t first_table[TABLE_ENTRIES] __attribute__((aligned(PAGE_SIZE)));

static void first_table_fill(void)
{
	for (uint32_t page = 1; page < TABLE_ENTRIES; page++) {
		uint32_t address = page * PAGE_SIZE;
		bool constant = address >= KERNEL_TEXT && address < (uint32_t)kernel_data;
		first_table[page] = address | (constant ? PTE_P | PTE_G : PTE_KERNEL);
	}
}

void paging_init(void)
{
	uint32_t end = frames_memory_end();

	first_table_fill();
	directory[0] = (uint32_t)first_table | PTE_P | PTE_RW;
	for (uint32_t address = LARGE_PAGE_SIZE; address < end && address < USER_BASE;
		address += LARGE_PAGE_SIZE)
		directory[DIRECTORY_INDEX(address)] = address | PTE_PS | PTE_KERNEL;
	cr4_write(cr4_read() | CR4_PSE);
	cr3_write((uint32_t)directory);
	cr0_write(cr0_read() | CR0_PG | CR0_WP);
	cr4_write(cr4_read() | CR4_PGE); /* behind PG, as 4.10.2.4 wants it */
}

uint32_t *kernel_directory(void)
{
	return directory;
}

uint32_t *directory_create(void)
{
	uint32_t *new = frames_allocate(1);

	/* the program's part of the kernel's own directory is empty */
	return new ? memcpy(new, directory, PAGE_SIZE) : NULL;
}

/* Most tables are almost empty, so whole groups are looked at first. */
unsigned entry_next(const uint32_t *table, unsigned from, unsigned end)
{
	while (from < end && !(table[from] & PTE_P)) {
		const uint32_t *group = &table[from];
		bool empty =
			from % GROUP == 0 && !(group[0] | group[1] | group[2] | group[3] |
						     group[4] | group[5] | group[6] | group[7]);
		from += empty ? GROUP : 1;
	}
	return from;
}

uint32_t *page_entry(const uint32_t *from, uint32_t address)
{
	uint32_t entry = from[DIRECTORY_INDEX(address)];

	if (!(entry & PTE_P))
		return NULL;
	uint32_t *table = entry_frame(entry);
	return &table[TABLE_INDEX(address)];
}

uint32_t *page_entry_create(uint32_t *from, uint32_t address)
{
	uint32_t *entry = &from[DIRECTORY_INDEX(address)];

	if (!(*entry & PTE_P)) {
		uint32_t *table = frames_allocate(1);
		if (!table)
			return NULL;
		memset(table, 0, PAGE_SIZE);
		/* what a program may do is said by the table's entries */
		*entry = (uint32_t)table | PTE_P | PTE_RW | PTE_US;
	}
	return page_entry(from, address);
}
