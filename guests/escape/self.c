/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables that lead to themselves: a directory that is a table, a table that is a page, a page that
 * holds the entry by which it is reached (Intel SDM volume 3A, 4.3 and 4.8).
 */
#include "escape.h"

#define RECURSIVE 0x300u /* of the directory: the entry that leads to itself */
#define TABLES    (RECURSIVE << 22)

/* Where the recursive entry shows the PTE of an address. */
static volatile uint32_t *shown(uint32_t linear)
{
	return words(TABLES + (linear >> 12) * 4);
}

static uint32_t mapped_frame(uint32_t value)
{
	uint32_t frame = frame_filled(value);

	words(world_root)[RECURSIVE] = world_root | PAGE_USER_WRITE;
	map(world_root, WINDOW, frame, PAGE_USER_WRITE);
	return frame;
}

void recursive_directory(void)
{
	uint32_t frame = mapped_frame(MARK);

	see(*shown(TABLES + RECURSIVE * PAGE_SIZE) ^ world_root);
	see(*shown(TABLES + RECURSIVE * PAGE_SIZE + (RECURSIVE << 2)) ^ world_root);
	see(*shown(WINDOW) ^ frame);
	try_write(WINDOW, 1);
	see(*shown(WINDOW) ^ frame);
	user_read((uint32_t)shown(WINDOW));
	user_write((uint32_t)shown(WINDOW), frame_filled(MARK + 1) | PAGE_USER_READ);
	page_invalidate(WINDOW);
	user_read(WINDOW);
	user_write(WINDOW, 2);
	see(words(world_root)[RECURSIVE] ^ world_root);
}

/* A table is put in, used and taken out, only through the recursive entry. */
void recursive_table_comes_and_goes(void)
{
	mapped_frame(MARK);
	for (uint32_t i = 0; i < 20; i++) {
		uint32_t linear = 0x10000000 + i * LARGE_PAGE_SIZE;
		volatile uint32_t *pde = shown(TABLES + (linear >> 10));
		*pde = frame_new() | PAGE_USER_WRITE;
		page_invalidate((uint32_t)shown(linear));
		*shown(linear + 5 * PAGE_SIZE) = frame_filled(i) | PAGE_USER_WRITE;
		try_read(linear + 5 * PAGE_SIZE);
		see(*pde & 0xfff);
		see(*shown(linear + 5 * PAGE_SIZE) & 0xfff);
		*pde = 0;
		page_invalidate(linear + 5 * PAGE_SIZE);
		page_invalidate((uint32_t)shown(linear));
		try_read(linear + 5 * PAGE_SIZE);
	}
}

/* The recursive entry has the rights of every level: not for users, then not for writes. */
void recursive_rights(void)
{
	mapped_frame(MARK);
	words(world_root)[RECURSIVE] = world_root | PAGE_KERNEL_WRITE;
	cr3_write(world_root);
	user_read((uint32_t)shown(WINDOW));
	try_read((uint32_t)shown(WINDOW + PAGE_SIZE));
	words(world_root)[RECURSIVE] = world_root | PAGE_USER_READ;
	cr3_write(world_root);
	user_read((uint32_t)shown(WINDOW + PAGE_SIZE));
	try_write((uint32_t)shown(WINDOW + PAGE_SIZE), 1);
	cr0_write(cr0_read() & ~CR0_WP);
	try_write((uint32_t)shown(WINDOW + PAGE_SIZE), frame_filled(MARK + 2) | PAGE_USER_READ);
	user_read(WINDOW + PAGE_SIZE);
	see(words(world_root)[RECURSIVE] ^ world_root);
}

/* The entry that leads to itself is taken away through itself. */
void recursive_entry_removes_itself(void)
{
	mapped_frame(MARK);
	volatile uint32_t *own = shown(TABLES + RECURSIVE * PAGE_SIZE + (RECURSIVE << 2));
	own = words(((uint32_t)own & PTE_FRAME) | RECURSIVE << 2);
	see(*own ^ world_root);
	*own = 0;
	cr3_write(world_root);
	try_read((uint32_t)own);
	see(words(world_root)[RECURSIVE]);
}

/* Every PDE but the first is the directory. */
void directory_everywhere(void)
{
	for (uint32_t i = 1; i < 0x3c0; i++)
		words(world_root)[i] = world_root | PAGE_USER_WRITE;
	for (uint32_t i = 1; i < 0x3c0; i += 61) {
		uint32_t other = (i * 7) % 0x3bf + 1;
		see(*words(i << 22 | other << 12 | i << 2) ^ world_root);
		try_write(i << 22 | other << 12 | 0x3f0 << 2, i);
		see(words(world_root)[0x3f0]);
	}
}

/* A table's page holds the entry by which it is written: it makes itself read-only. */
void entry_protects_itself(void)
{
	uint32_t table = frame_new();

	*pde_at(world_root, WINDOW) = table | PAGE_USER_WRITE;
	words(table)[9] = table | PAGE_USER_WRITE;
	volatile uint32_t *own = words(WINDOW + 9 * PAGE_SIZE + 9 * 4);
	see(*own ^ table);
	try_write((uint32_t)own, table | PAGE_USER_READ);
	page_invalidate((uint32_t)own);
	user_write((uint32_t)own, table | PAGE_USER_WRITE);
	see(words(table)[9] ^ table);
	words(table)[9] = table | PAGE_USER_WRITE;
	page_invalidate((uint32_t)own);
	user_write((uint32_t)own, 0);
	page_invalidate((uint32_t)own);
	try_read((uint32_t)own);
}

/* A page of 4 MiB that has the directory in it, and its own PDE. */
void large_page_over_the_tables(void)
{
	large_map(world_root, WINDOW, 0, PAGE_USER_WRITE);
	uint32_t pde = WINDOW + (uint32_t)pde_at(world_root, WINDOW);
	see(try_read(pde));
	user_write(pde + 4, frame_new() | PAGE_USER_WRITE);
	map(world_root, WINDOW + LARGE_PAGE_SIZE, frame_filled(MARK), PAGE_USER_WRITE);
	try_read(WINDOW + LARGE_PAGE_SIZE);
	try_write(pde, PTE_PS | PAGE_USER_READ);
	page_invalidate(pde);
	user_write(pde, 0);
	see(*pde_at(world_root, WINDOW));
}

/* A and D of every entry on the way are where the way goes through them. */
void accessed_and_dirty_of_a_loop(void)
{
	uint32_t table = frame_new();

	*pde_at(world_root, WINDOW) = table | PAGE_USER_WRITE;
	for (uint32_t i = 0; i < 4; i++)
		words(table)[i] = table | PAGE_USER_WRITE;
	user_read(WINDOW + 2 * PAGE_SIZE);
	for (uint32_t i = 0; i < 4; i++)
		see(words(table)[i] ^ table);
	user_write(WINDOW + 3 * PAGE_SIZE + 64, 0);
	for (uint32_t i = 0; i < 4; i++)
		see(words(table)[i] ^ table);
	see(*pde_at(world_root, WINDOW) ^ table);
}

/* The first use of a table is a write to the table's own page, by an entry that is dirty already.
 */
void table_written_through_itself(void)
{
	uint32_t table = frame_new(), first = frame_filled(1), second = frame_filled(2);
	volatile uint32_t *entry = words(WINDOW + 3 * PAGE_SIZE) + 4;

	words(table)[3] = table | PAGE_USER_WRITE | PTE_A | PTE_D;
	*pde_at(world_root, WINDOW) = table | PAGE_USER_WRITE;
	*entry = first | PAGE_USER_WRITE;
	try_read(WINDOW + 4 * PAGE_SIZE);
	*entry = second | PAGE_USER_WRITE;
	page_invalidate(WINDOW + 4 * PAGE_SIZE);
	try_read(WINDOW + 4 * PAGE_SIZE);
}
