/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries that lead out of the guest's memory. What is not there floats: it reads as all ones, and
 * what is written to it is lost, also when it is a table (Intel SDM volume 3A, 4.3; table 4-4).
 */
#include "escape.h"

#define BEYOND 0x00400000u /* the first address without memory, with mem=4 */

/* All of the machine's memory and more, by pages of 4 MiB: one access in each 64 KiB. */
void all_of_the_machine_large(void)
{
	uint32_t sum = 0;

	for (uint32_t physical = BEYOND; physical < 0x08000000; physical += LARGE_PAGE_SIZE) {
		large_map(world_root, WINDOW, physical, PAGE_USER_WRITE);
		page_invalidate(WINDOW);
		for (uint32_t at = 0; at < LARGE_PAGE_SIZE; at += 0x10000) {
			volatile uint32_t *word = words(WINDOW + at + (physical >> 12 & 0xffc));
			*word = MARK;
			sum += *word;
		}
	}
	see(sum);
}

/* The same by pages of 4 KiB, at random places. */
void all_of_the_machine_small(void)
{
	uint32_t sum = 0;

	map(world_root, WINDOW, 0, 0);
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t random = random_u32();
		page_map(world_root, WINDOW, BEYOND + (random & 0x07fff000), PAGE_USER_WRITE);
		page_invalidate(WINDOW);
		volatile uint32_t *word = words(WINDOW + (random & 0xffc));
		*word = MARK;
		sum += *word;
	}
	see(sum);
}

/* Where the monitor is, as a page and as its own table. */
void page_at_the_monitors_place(void)
{
	uint32_t at = (escape_machine & ~(LARGE_PAGE_SIZE - 1)) | (escape_machine & 0xffc);

	large_map(world_root, WINDOW, at & ~(LARGE_PAGE_SIZE - 1), PAGE_USER_WRITE);
	map(world_root, WINDOW + LARGE_PAGE_SIZE, escape_machine & PTE_FRAME, PAGE_USER_WRITE);
	see(*words(WINDOW + (escape_machine & 0x3ffffc)) == 0xffffffff || escape_machine < BEYOND);
	user_read(WINDOW + LARGE_PAGE_SIZE + (escape_machine & 0xffc));
	user_write(WINDOW + LARGE_PAGE_SIZE + (escape_machine & 0xffc), MARK);
}

void table_at_the_monitors_place(void)
{
	*pde_at(world_root, WINDOW) = (escape_machine & PTE_FRAME) | PAGE_USER_WRITE;
	for (uint32_t i = 0; i < TABLE_ENTRIES; i += 37)
		try_read(WINDOW + i * PAGE_SIZE);
	try_write(WINDOW, MARK);
}

void root_at_the_monitors_place(void)
{
	cr3_write(escape_machine & PTE_FRAME);
	try_read(WINDOW);
}

/* A table in nothing is all ones: entries that are present, and lead to the last page there is. A
 * PC has its BIOS there, so the values are not compared. */
void tables_beyond_memory(void)
{
	for (uint32_t i = 1; i < 0x3c0; i++)
		words(world_root)[i] = (BEYOND + i * PAGE_SIZE) | PAGE_USER_WRITE;
	for (uint32_t i = 1; i < 0x3c0; i += 13) {
		access_quietly(i << 22 | (i & 0x3ff) << 12);
		see(words(world_root)[i]);
	}
}

void tables_far_beyond_memory(void)
{
	uint32_t sum = 0;

	for (uint32_t frame = 0x10000000; frame < 0xf0000000; frame += 0x10101000) {
		*pde_at(world_root, WINDOW) = frame | PAGE_USER_WRITE;
		page_invalidate(WINDOW);
		access_quietly(WINDOW);
		sum += *pde_at(world_root, WINDOW);
	}
	see(sum);
}

/* Holes and devices under 1 MiB. */
void tables_in_the_hole(void)
{
	for (uint32_t frame = 0xa0000; frame < 0x100000; frame += 0x3000) {
		*pde_at(world_root, WINDOW) = frame | PAGE_USER_WRITE;
		page_invalidate(WINDOW);
		access_quietly(WINDOW);
	}
}

void table_in_the_screen(void)
{
	*pde_at(world_root, WINDOW) = SCREEN | PAGE_USER_WRITE;
	*words(SCREEN) = frame_filled(MARK) | PAGE_USER_WRITE;
	try_read(WINDOW);
	see(*words(SCREEN));
	*words(SCREEN) = frame_filled(~MARK) | PAGE_USER_WRITE;
	page_invalidate(WINDOW);
	try_read(WINDOW);
	try_write(WINDOW, 7);
	see(*words(SCREEN));
}

void screen_by_a_page(void)
{
	map(world_root, WINDOW, SCREEN, PAGE_USER_WRITE);
	user_write(WINDOW + 0xf00, 0x07410742);
	try_read(SCREEN + 0xf00);
	try_write(SCREEN + 0xf00, 0x07200720);
	user_read(WINDOW + 0xf00);
}

void table_at_end_of_memory(void)
{
	uint32_t last = MEMORY_END - PAGE_SIZE;

	memset(words(last), 0, PAGE_SIZE);
	for (uint32_t i = 0; i < 8; i++)
		words(last)[TABLE_ENTRIES - 8 + i] = frame_filled(MARK + i) | PAGE_USER_WRITE;
	*pde_at(world_root, WINDOW) = last | PAGE_USER_WRITE;
	for (uint32_t i = 0; i < 8; i++) {
		try_read(WINDOW + (TABLE_ENTRIES - 8 + i) * PAGE_SIZE);
		see(words(last)[TABLE_ENTRIES - 8 + i]);
	}
	try_read(WINDOW);
	/* a page that begins in memory, and the next one does not */
	map(world_root, WINDOW + LARGE_PAGE_SIZE, last, PAGE_USER_WRITE);
	map(world_root, WINDOW + LARGE_PAGE_SIZE + PAGE_SIZE, MEMORY_END, PAGE_USER_WRITE);
	try_write(WINDOW + LARGE_PAGE_SIZE + PAGE_SIZE - 2, MARK);
	try_read(WINDOW + LARGE_PAGE_SIZE + PAGE_SIZE - 2);
	try_read(WINDOW + LARGE_PAGE_SIZE + PAGE_SIZE - 4);
}

/* The bits of a PDE of 4 MiB that are the address beyond 4 GiB, or reserved: 13 to 21. */
void large_beyond_4_gib(void)
{
	for (uint32_t bits = 0; bits < 1u << 9; bits += bits < 16 ? 1 : 13) {
		*pde_at(world_root, WINDOW) = bits << 13 | PTE_PS | PAGE_USER_WRITE;
		page_invalidate(WINDOW);
		if (bits)
			try_write(WINDOW + LOW, MARK);
		if (bits)
			try_read(WINDOW + LOW);
		see(*pde_at(world_root, WINDOW));
	}
}

void large_reserved(void)
{
	for (uint32_t bit = 12; bit < 22; bit++) {
		*pde_at(world_root, WINDOW) = 1u << bit | PTE_PS | PAGE_USER_WRITE;
		page_invalidate(WINDOW);
		user_read(WINDOW + POOL);
		user_write(WINDOW + POOL, bit);
		*pde_at(world_root, WINDOW) = 1u << bit | PTE_PS | PTE_P;
		page_invalidate(WINDOW);
		user_read(WINDOW + POOL);
		try_write(WINDOW + POOL, bit);
		*pde_at(world_root, WINDOW) = 1u << bit | PTE_PS;
		page_invalidate(WINDOW);
		try_read(WINDOW + POOL);
	}
	try_read(POOL);
}

void large_bit_without_pse(void)
{
	uint32_t table = frame_new();

	words(table)[1] = frame_filled(MARK) | PAGE_USER_WRITE;
	cr4_write(0);
	*pde_at(world_root, WINDOW) = table | PTE_PS | PAGE_USER_WRITE;
	try_read(WINDOW + PAGE_SIZE);
	try_read(WINDOW);
	cr4_write(CR4_PSE);
	*pde_at(world_root, WINDOW) = PTE_PS | PAGE_USER_WRITE;
	cr3_write(world_root);
	*words(POOL) = MARK + 1;
	try_read(WINDOW + POOL);
}

void entries_all_ones(void)
{
	uint32_t table = frame_filled(0xffffffff);

	*pde_at(world_root, WINDOW) = table | PAGE_USER_WRITE;
	access_quietly(WINDOW);
	access_quietly(WINDOW + 1023 * PAGE_SIZE);
	see(words(table)[0]);
	*pde_at(world_root, WINDOW) = 0xffffffff;
	page_invalidate(WINDOW);
	try_read(WINDOW);
	user_write(WINDOW, 1);
	see(*pde_at(world_root, WINDOW));
}

/* Every bit that the processor leaves to the system, and those that it only hands to caches. */
void entries_with_all_bits_for_systems(void)
{
	uint32_t frame = frame_filled(MARK);

	for (uint32_t bits = 0; bits < 16; bits++) {
		uint32_t more = (bits & 7) << 9 | (bits & 8) << 1 | (bits & 1) << 3;
		map(world_root, WINDOW, frame, PAGE_USER_WRITE | more | PTE_G);
		*pde_at(world_root, WINDOW) |= more;
		page_invalidate(WINDOW);
		user_write(WINDOW + 4 * bits, bits);
		try_read(WINDOW + 4 * bits);
		see(*pte_at(world_root, WINDOW) ^ frame);
	}
}
