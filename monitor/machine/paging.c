/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real page tables (SDM 3A 4.3). Every address space holds the direct map: all of the
 * machine's memory at MONITOR_BASE, in 4 MiB supervisor pages. The pages are global where the
 * processor knows that (4.10.2.4), so a change of CR3 does not throw them out of the TLB.
 */
#include "cpu.h"
#include "machine.h"

#define DIRECTORY_INDEX(linear) ((linear).raw >> 22)
#define TABLE_INDEX(linear)     ((linear).raw >> 12 & (TABLE_ENTRIES - 1))
#define FIRST_MONITOR_ENTRY     (MONITOR_BASE / LARGE_PAGE_SIZE)

extern uint32_t boot_page_directory[TABLE_ENTRIES]; /* start.asm has filled in the direct map */

void paging_init(void)
{
	if (cpu_features() & CPUID_PGE) {
		for (unsigned i = FIRST_MONITOR_ENTRY; i < TABLE_ENTRIES; i++)
			if (boot_page_directory[i] & PTE_P)
				boot_page_directory[i] |= PTE_G;
		cr4_write(cr4_read() | CR4_PGE);
	}
	boot_page_directory[0] = 0; /* start.asm ran there; no one does now */
	cr3_write(machine_address(boot_page_directory));
}

bool page_directory_create(maddr_t *directory)
{
	if (!frames_allocate(1, PAGE_SIZE, directory))
		return false;
	uint32_t *entry = machine_pointer(*directory);
	for (unsigned i = FIRST_MONITOR_ENTRY; i < TABLE_ENTRIES; i++)
		entry[i] = boot_page_directory[i];
	return true;
}

void page_directory_destroy(maddr_t directory)
{
	const uint32_t *entry = machine_pointer(directory);

	for (unsigned i = 0; i < FIRST_MONITOR_ENTRY; i++)
		if (entry[i] & PTE_P)
			frames_free(maddr(entry[i] & PTE_FRAME), 1);
	frames_free(directory, 1);
}

bool page_map(maddr_t directory, gla_t linear, maddr_t machine, uint32_t flags)
{
	uint32_t *entry = (uint32_t *)machine_pointer(directory) + DIRECTORY_INDEX(linear);

	if (!(*entry & PTE_P)) {
		maddr_t table;
		if (!frames_allocate(1, PAGE_SIZE, &table))
			return false;
		*entry = table.raw | PTE_P | PTE_RW | PTE_US;
	}
	uint32_t *table = machine_pointer(maddr(*entry & PTE_FRAME));
	table[TABLE_INDEX(linear)] = (machine.raw & PTE_FRAME) | flags;
	return true;
}
