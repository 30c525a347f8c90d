/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Roots and tables by the thousand, more than any pool holds; roots that are data between; and CR3
 * where no root should be (Intel SDM volume 3A, 4.3 and 4.10.4).
 */
#include "escape.h"

#define POOL_FRAMES ((POOL_END - POOL) / PAGE_SIZE)

static uint32_t pool(uint32_t number)
{
	return POOL + number % POOL_FRAMES * PAGE_SIZE;
}

/* ---- many ---- */

/* Each root maps WINDOW to another page. */
void roots_2000(void)
{
	uint32_t sum = 0, first = frame_filled(MARK), second = frame_filled(~MARK), tables[2];

	for (uint32_t i = 0; i < 2; i++) {
		tables[i] = frame_new();
		words(tables[i])[0] = (i ? second : first) | PAGE_USER_WRITE;
	}
	for (uint32_t i = 0; i < POOL_FRAMES; i++) {
		root_fill(pool(i));
		*pde_at(pool(i), WINDOW) = tables[i & 1] | PAGE_USER_WRITE;
	}
	for (uint32_t i = 0; i < 2000; i++) {
		cr3_write(pool(i * 7));
		sum = sum * 31 + *words(WINDOW);
		*words(WINDOW + 4 + (i & 0x3fc)) = i;
	}
	cr3_write(world_root);
	see(sum);
	see(words(first)[5] + words(second)[9]);
}

/* Roots that are made, used once, and data again. */
void roots_freed_and_data(void)
{
	uint32_t sum = 0, frame = frame_filled(MARK), table = frame_new();

	words(table)[3] = frame | PAGE_USER_WRITE;
	for (uint32_t i = 0; i < 300; i++) {
		uint32_t root = pool(i % 3);
		root_fill(root);
		*pde_at(root, WINDOW + (i % 5) * LARGE_PAGE_SIZE) = table | PAGE_USER_WRITE;
		cr3_write(root);
		sum += *words(WINDOW + (i % 5) * LARGE_PAGE_SIZE + 3 * PAGE_SIZE);
		*words(WINDOW + (i % 5) * LARGE_PAGE_SIZE + 3 * PAGE_SIZE) = i;
		cr3_write(world_root);
		for (uint32_t n = 0; n < TABLE_ENTRIES; n += 5)
			words(root)[n] = n * i;
		for (uint32_t n = 0; n < TABLE_ENTRIES; n += 5)
			sum = sum * 31 + words(root)[n];
	}
	see(sum);
}

/* A root that is changed while another is in CR3. */
void root_changed_from_outside(void)
{
	root_fill(POOL);
	for (uint32_t i = 0; i < 40; i++) {
		uint32_t table = pool(1 + (i & 1)), linear = WINDOW + (i & 3) * LARGE_PAGE_SIZE;
		memset(words(table), 0, PAGE_SIZE);
		words(table)[i] = pool(3 + i) | PAGE_USER_WRITE;
		*words(pool(3 + i)) = i * MARK;
		*pde_at(POOL, linear) = table | PAGE_USER_WRITE;
		cr3_write(POOL);
		try_read(linear + i * PAGE_SIZE);
		try_read(linear + (i ^ 1) * PAGE_SIZE);
		cr3_write(world_root);
	}
}

/* Tables in all frames of the pool, each used by a PDE of its own, in several rounds. */
void tables_by_the_thousand(void)
{
	uint32_t sum = 0, frame = frame_filled(MARK);

	for (uint32_t round = 0; round < 6; round++) {
		for (uint32_t i = 0; i < POOL_FRAMES; i++) {
			memset(words(pool(i)), 0, 64);
			words(pool(i))[round] = frame | PAGE_USER_WRITE;
			words(world_root)[2 + i] = pool(i + round) | PAGE_USER_WRITE;
		}
		cr3_write(world_root);
		for (uint32_t i = 0; i < POOL_FRAMES; i++) {
			uint32_t linear = (2 + i) << 22 | round << 12;
			sum = sum * 31 + *words(linear + 8);
			*words(linear + 4 * (i & 63)) = i;
		}
	}
	see(sum);
	see(words(pool(3))[2] ^ frame);
}

/* Pages by the thousand in one go: every PTE of eight tables is another page. */
void pages_by_the_thousand(void)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < 8 * TABLE_ENTRIES; i++)
		map(world_root, WINDOW + i * PAGE_SIZE, pool(i), PAGE_USER_WRITE);
	for (uint32_t i = 0; i < 8 * TABLE_ENTRIES; i++)
		*words(WINDOW + i * PAGE_SIZE + (i >> 7) * 4) = i;
	for (uint32_t i = 0; i < 8 * TABLE_ENTRIES; i++)
		sum = sum * 31 + *words(WINDOW + i * PAGE_SIZE + 16);
	see(sum);
}

/* 4096 linear addresses lead to one page, all of them used for writing; then it becomes a table. */
void aliases_of_a_table(void)
{
	uint32_t page = frame_new(), sum = 0;
	const uint32_t used = WINDOW + 4 * LARGE_PAGE_SIZE;

	for (uint32_t i = 0; i < 4 * TABLE_ENTRIES; i++)
		map(world_root, WINDOW + i * PAGE_SIZE, page, PAGE_USER_WRITE);
	for (uint32_t i = 0; i < 4 * TABLE_ENTRIES; i++)
		*words(WINDOW + i * PAGE_SIZE + (i & 0x3ff) * 4) = 0;
	*pde_at(world_root, used) = page | PAGE_USER_WRITE;
	for (uint32_t i = 0; i < 4 * TABLE_ENTRIES; i += 111) {
		*words(WINDOW + i * PAGE_SIZE + 4 * (i & 0x3ff)) = pool(i) | PAGE_USER_WRITE;
		*words(pool(i)) = i;
		page_invalidate(used + (i & 0x3ff) * PAGE_SIZE);
		sum = sum * 31 + *words(used + (i & 0x3ff) * PAGE_SIZE);
	}
	see(sum);
	*pde_at(world_root, used) = 0;
	page_invalidate(used);
	for (uint32_t i = 0; i < 4 * TABLE_ENTRIES; i += 7)
		*words(WINDOW + i * PAGE_SIZE + (i & 0x3ff) * 4) = i;
	see(words(page)[7]);
}

/* One table under every PDE. */
void table_under_every_entry(void)
{
	uint32_t table = frame_new(), sum = 0;

	for (uint32_t i = 2; i < 0x3c0; i++)
		words(world_root)[i] = table | PAGE_USER_WRITE;
	for (uint32_t round = 0; round < 3; round++) {
		words(table)[round] = frame_filled(MARK * round) | PAGE_USER_WRITE;
		for (uint32_t i = 2; i < 0x3c0; i++)
			sum = sum * 31 + *words(i << 22 | round << 12);
		words(table)[round] = frame_filled(MARK + round) | PAGE_USER_READ;
		cr3_write(world_root);
		for (uint32_t i = 2; i < 0x3c0; i++)
			sum = sum * 31 + *words(i << 22 | round << 12);
	}
	see(sum);
	see(words(table)[2] & 0xfff);
}

/* ---- CR3 where no root should be ---- */

void root_at_last_page(void)
{
	uint32_t last = MEMORY_END - PAGE_SIZE;

	root_fill(last);
	map(last, WINDOW, frame_filled(MARK), PAGE_USER_WRITE);
	cr3_write(last);
	user_read(WINDOW);
	see(cr3_read());
}

void root_at_page_0(void)
{
	root_fill(0);
	map(0, WINDOW, frame_filled(MARK), PAGE_USER_WRITE);
	cr3_write(0);
	user_read(WINDOW);
	see(cr3_read());
	*pde_at(cr3_read(), WINDOW) = 0;
	page_invalidate(WINDOW);
	user_read(WINDOW);
}

void root_with_all_flags(void)
{
	map(world_root, WINDOW, frame_filled(MARK), PAGE_USER_WRITE);
	for (uint32_t flags = 0; flags < 0x1000; flags = flags * 2 + 8) {
		cr3_write(world_root | flags);
		see(cr3_read() ^ world_root);
		try_read(WINDOW);
	}
}

/* PCD and PWT are no part of its address: a directory that is used with them is changed. */
void root_with_flags_is_changed(void)
{
	uint32_t root = frame_new(), table = frame_new();

	root_fill(root);
	words(table)[0] = frame_filled(MARK) | PAGE_USER_WRITE;
	for (uint32_t flags = 0x08; flags <= 0x18; flags += 8) {
		*pde_at(root, WINDOW) = table | PAGE_USER_WRITE;
		cr3_write(root | flags);
		try_read(WINDOW);
		*pde_at(root, WINDOW) = table | PAGE_KERNEL_WRITE;
		page_invalidate(WINDOW);
		user_read(WINDOW);
		*pde_at(root, WINDOW) = 0;
		page_invalidate(WINDOW);
		try_read(WINDOW);
		cr3_write(world_root);
	}
}

void root_in_screen(void)
{
	root_fill(SCREEN);
	map(SCREEN, WINDOW, frame_filled(MARK), PAGE_USER_WRITE);
	cr3_write(SCREEN);
	try_read(WINDOW);
	*pde_at(SCREEN, WINDOW) = 0;
	page_invalidate(WINDOW);
	try_read(WINDOW);
}

/* Its entries behind the tables are the program's data, and are written as such. */
void root_with_data_in_it(void)
{
	static uint32_t space[2 * TABLE_ENTRIES];
	uint32_t root = ((uint32_t)space + PAGE_SIZE - 1) & PTE_FRAME;

	root_fill(root);
	map(root, WINDOW, frame_filled(MARK), PAGE_USER_WRITE);
	cr3_write(root);
	for (uint32_t i = 512; i < 700; i++)
		words(root)[i] = i * 2;
	try_read(WINDOW);
	user_read(600u << 22);
}

/* Its entries are all ones: pages of 4 MiB with a reserved bit. (Bochs itself ends here.) */
void root_beyond_memory(void)
{
	cr3_write(MEMORY_END + 0x5000);
	try_read(WINDOW);
}

void root_far_beyond_memory(void)
{
	cr3_write(0xfffff000);
	try_read(WINDOW);
}

void root_in_the_bios(void)
{
	cr3_write(0x000f0000);
	try_read(WINDOW);
}

void root_of_zeros(void)
{
	cr3_write(frame_new());
	try_read(WINDOW);
}

void root_is_own_text(void)
{
	cr3_write((uint32_t)root_is_own_text & PTE_FRAME);
	try_read(WINDOW);
}
