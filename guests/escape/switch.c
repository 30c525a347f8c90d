/* SPDX-License-Identifier: BSD-2-Clause */
/* Paging goes off and on, and CR4 changes what entries mean (Intel SDM volume 3A, 4.1 and 4.10.4).
 */
#include "escape.h"

/* MOV CR0, EAX; MOV EAX, number; RET. */
static void code_put(uint32_t at, uint32_t number)
{
	words(at)[0] = 0xb8c0220f;
	words(at)[1] = number;
	words(at)[2] = 0xc3;
}

static uint32_t code_run(uint32_t at, uint32_t eax)
{
	__asm__ volatile("call *%1" : "+a"(eax) : "r"(at) : "memory");
	return eax;
}

/* The code's linear address is another code's physical address. Behind MOV to CR0 comes the
 * other's next instruction. */
void paging_off_elsewhere(void)
{
	code_put(POOL, 1);
	code_put(POOL + PAGE_SIZE, 2);
	words(words(world_root)[0] & PTE_FRAME)[POOL >> 12] = (POOL + PAGE_SIZE) | PAGE_USER_WRITE;
	page_invalidate(POOL);
	uint32_t cr0 = cr0_read();
	see(code_run(POOL, cr0 & ~CR0_PG));
	cr0_write(cr0);
	see(code_run(POOL, cr0));
}

void paging_on_elsewhere(void)
{
	uint32_t cr0 = cr0_read();

	code_put(POOL, 3);
	code_put(POOL + PAGE_SIZE, 4);
	words(words(world_root)[0] & PTE_FRAME)[POOL >> 12] = (POOL + PAGE_SIZE) | PAGE_USER_WRITE;
	paging_off();
	see(code_run(POOL, cr0));
	see(*words(POOL + 4));
}

/* A table is changed while paging is off. */
void paging_off_and_on(void)
{
	map(world_root, WINDOW, frame_filled(MARK), PAGE_USER_WRITE);
	for (uint32_t i = 0; i < 60; i++) {
		try_read(WINDOW);
		paging_off();
		*pte_at(world_root, WINDOW) = (POOL + (i & 7) * PAGE_SIZE) | PAGE_USER_WRITE;
		*words(POOL + (i & 7) * PAGE_SIZE) = i;
		if (i % 5 == 0)
			*pte_at(world_root, WINDOW) = 0;
		cr0_write(cr0_read() | CR0_PG);
	}
}

/* Addresses that paging gave are no memory without it. */
void window_with_paging_off(void)
{
	map(world_root, WINDOW, frame_filled(MARK), PAGE_USER_WRITE);
	user_read(WINDOW);
	paging_off();
	user_read(WINDOW);
	user_write(WINDOW, 1);
	cr0_write(cr0_read() | CR0_PG);
	user_read(WINDOW);
}

/* CR3 and the tables of a root that is loaded while paging is off. */
void root_loaded_while_off(void)
{
	uint32_t other = frame_new();

	root_fill(other);
	map(world_root, WINDOW, frame_filled(MARK), PAGE_USER_WRITE);
	map(other, WINDOW, frame_filled(~MARK), PAGE_USER_WRITE);
	for (uint32_t i = 0; i < 10; i++) {
		try_read(WINDOW);
		paging_off();
		cr3_write(i & 1 ? world_root : other);
		cr0_write(cr0_read() | CR0_PG);
	}
}

void paging_without_protection(void)
{
	see(cr0_read());
	try_cr0(CR0_PG | CR0_ET);
	see(cr0_read());
	try_cr0(cr0_read() | CR0_NW);
	see(cr0_read());
}

void write_protection_on_and_off(void)
{
	map(world_root, WINDOW, frame_filled(MARK), PAGE_USER_READ);
	for (uint32_t i = 0; i < 12; i++) {
		cr0_write(i & 1 ? cr0_read() | CR0_WP : cr0_read() & ~CR0_WP);
		if (i % 4 == 0)
			page_invalidate(WINDOW);
		try_write(WINDOW, i);
		user_write(WINDOW, i);
		user_read(WINDOW);
		see(*pte_at(world_root, WINDOW) & 0xfff);
	}
}

/* Nothing comes between what one rule allowed and the other rule. */
void write_protection_back_at_once(void)
{
	map(world_root, WINDOW, frame_filled(MARK), PAGE_USER_READ);
	for (uint32_t i = 0; i < 4; i++) {
		cr0_write(cr0_read() & ~CR0_WP);
		try_write(WINDOW, i);
		cr0_write(cr0_read() | CR0_WP);
		try_write(WINDOW, i + 8);
		user_read(WINDOW);
	}
}

void large_pages_on_and_off(void)
{
	uint32_t table = frame_new();

	words(table)[0] = frame_filled(MARK) | PAGE_USER_WRITE;
	words(table)[POOL >> 12] = frame_filled(MARK) | PAGE_USER_WRITE;
	for (uint32_t i = 0; i < 8; i++) {
		*pde_at(world_root, WINDOW) = (i & 2 ? table : 0) | PTE_PS | PAGE_USER_WRITE;
		*words(POOL) = i;
		cr4_write(i & 1 ? 0 : CR4_PSE);
		if ((i & 3) != 1)
			try_read(WINDOW + POOL);
		see(*pde_at(world_root, WINDOW) & 0xfff);
	}
}

/* One entry, which names a table, or 4 MiB that lie beyond 4 GiB: frames are above 1 MiB, so
 * bit 20 is set. */
void large_pages_by_one_entry(void)
{
	uint32_t table = frame_new();

	words(table)[5] = frame_filled(MARK) | PAGE_USER_WRITE;
	*pde_at(world_root, WINDOW) = table | PTE_PS | PAGE_USER_WRITE;
	for (uint32_t i = 0; i < 6; i++) {
		cr4_write(i & 1 ? CR4_PSE : 0);
		try_read(WINDOW + 5 * PAGE_SIZE);
		user_write(WINDOW + 5 * PAGE_SIZE, i);
	}
}

/* G keeps an entry over MOV to CR3; INVLPG and CR4.PGE do not. */
void global_pages(void)
{
	map(world_root, WINDOW, frame_filled(MARK), PAGE_USER_WRITE | PTE_G);
	cr4_write(CR4_PSE | CR4_PGE);
	try_read(WINDOW);
	*pte_at(world_root, WINDOW) = frame_filled(MARK + 1) | PAGE_USER_WRITE | PTE_G;
	page_invalidate(WINDOW);
	try_read(WINDOW);
	*pte_at(world_root, WINDOW) = frame_filled(MARK + 2) | PAGE_USER_WRITE | PTE_G;
	cr4_write(CR4_PSE);
	try_read(WINDOW);
	cr4_write(CR4_PSE | CR4_PGE);
	*pte_at(world_root, WINDOW) = 0;
	cr4_write(CR4_PSE);
	try_read(WINDOW);
	see(cr4_read());
}

/* PAE means other tables: these here are nonsense then. */
void pae(void)
{
	cr4_write(CR4_PSE | CR4_PAE);
	try_read(WINDOW);
}

void reserved_bits_of_cr4(void)
{
	for (uint32_t bit = 11; bit < 32; bit++) {
		try_cr4(CR4_PSE | 1u << bit);
		see(cr4_read());
	}
}
