/* SPDX-License-Identifier: BSD-2-Clause */
/* Nonsense in tables, and loops without end. And number 0, which is no attack. */
#include "escape.h"

/* A kernel that uses its tables as they are meant: pages on demand, a user who computes. */
void behave(void)
{
	uint32_t sum = escape_seed;

	for (uint32_t i = 0; i < 50; i++) {
		uint32_t linear = WINDOW + (random_u32() & 0x00fff000);
		try_read(linear);
		map(world_root, linear, POOL + i * PAGE_SIZE, PAGE_USER_WRITE);
		*words(POOL + i * PAGE_SIZE) = sum;
		user_write(linear + 4, sum);
		sum = (sum << 5 | sum >> 27) ^ user_read(linear);
		page_unmap(world_root, linear);
		page_invalidate(linear);
		user_read(linear);
	}
	see(sum);
}

/* Entries drawn at random, but not those of the first 4 MiB. They may lead into the guest's own
 * memory, where A and D bits land as well. */
static void nonsense_fill(uint32_t root, uint32_t mask)
{
	for (uint32_t i = 1; i < TABLE_ENTRIES; i++)
		words(root)[i] = random_u32() & mask;
}

static void nonsense_touch(uint32_t count)
{
	while (count--) {
		uint32_t at = random_u32();
		if (at < LARGE_PAGE_SIZE)
			continue;
		if (at & 4)
			access_quietly(at);
		else
			user_read(at);
	}
}

void nonsense_directory(void)
{
	nonsense_fill(world_root, 0xffffffff);
	cr3_write(world_root);
	nonsense_touch(300);
}

/* Only entries that are present, of the guest's own pool or behind its memory. */
void nonsense_in_the_pool(void)
{
	for (uint32_t i = 0; i < 64; i++)
		nonsense_fill(POOL + i * PAGE_SIZE, 0x000fffff);
	for (uint32_t i = 1; i < TABLE_ENTRIES; i++)
		words(world_root)[i] = (POOL + (random_u32() & 0x3f000)) | PAGE_USER_WRITE;
	for (uint32_t i = 0; i < 64; i++)
		for (uint32_t n = 0; n < TABLE_ENTRIES; n++)
			words(POOL + i * PAGE_SIZE)[n] =
				(words(POOL + i * PAGE_SIZE)[n] & 0x3ffff) + POOL;
	cr3_write(world_root);
	for (uint32_t i = 0; i < 4; i++) {
		nonsense_touch(100);
		cr3_write(world_root);
	}
}

void nonsense_large(void)
{
	for (uint32_t i = 1; i < TABLE_ENTRIES; i++)
		words(world_root)[i] = (random_u32() & 0xfffff01f) | PTE_PS | PTE_P;
	cr3_write(world_root);
	nonsense_touch(300);
}

void nonsense_roots(void)
{
	for (uint32_t i = 0; i < 40; i++) {
		root_fill(POOL + i * PAGE_SIZE);
		nonsense_fill(POOL + i * PAGE_SIZE, 0x003fffff);
		cr3_write(POOL + i * PAGE_SIZE);
		nonsense_touch(20);
	}
}

/* Control registers with random bits, but paging stays on and the root the same. */
void nonsense_control(void)
{
	for (uint32_t i = 0; i < 60; i++) {
		cr0_write((random_u32() & (CR0_WP | CR0_CD | CR0_AM | CR0_MP)) | CR0_PG | CR0_PE);
		cr4_write(random_u32() & (CR4_PSE | CR4_PGE | CR4_TSD | CR4_DE));
		cr3_write(world_root | (random_u32() & 0x18));
		cr2_write(random_u32());
		map(world_root, WINDOW, POOL, random_u32() & 0xfff);
		page_invalidate(WINDOW);
		access_quietly(WINDOW);
		page_invalidate(random_u32());
	}
}

/* ---- without end ---- */

void endless_roots(void)
{
	for (;;)
		cr3_write(world_root);
}

void endless_faults(void)
{
	for (;;)
		access_quietly(WINDOW);
}

void endless_writes(void)
{
	map(world_root, WINDOW, POOL, PAGE_USER_WRITE);
	for (uint32_t i = 0;; i++) {
		*pte_at(world_root, WINDOW) = (POOL + (i & 0xff) * PAGE_SIZE) | PAGE_USER_WRITE;
		page_invalidate(WINDOW);
		*words(WINDOW) = i;
	}
}

void endless_switches(void)
{
	for (;;) {
		paging_off();
		paging_on(world_root);
	}
}

void endless_fills(void)
{
	large_map(world_root, WINDOW, 0, PAGE_USER_WRITE);
	for (uint32_t i = 0;; i += PAGE_SIZE) {
		*words(WINDOW + POOL + (i & 0xff000)) = i;
		if ((i & 0xfffff) == 0)
			cr3_write(world_root);
	}
}

/* One REP STOS over pages of which every other has no memory behind it: it must not hold the
 * processor until it is over. */
void endless_string(void)
{
	uint32_t table = frame_new();

	*pde_at(world_root, WINDOW) = table | PAGE_USER_WRITE;
	for (uint32_t i = 0; i < TABLE_ENTRIES; i++)
		words(table)[i] = (i & 1 ? 0x00600000 : POOL) | PAGE_USER_WRITE;
	for (;;) {
		uint32_t to = WINDOW, count = TABLE_ENTRIES * PAGE_SIZE / 4;
		__asm__ volatile("rep stosl" : "+D"(to), "+c"(count) : "a"(0) : "memory");
	}
}
