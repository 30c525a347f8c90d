/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest needs that has page tables of its own: frames, two levels of tables, and the control
 * registers (Intel SDM volume 3A, 4.3 and 4.10). Only guests that call something of this are linked
 * with it (lib/kernel/paging.c).
 *
 * The kernel's own 4 MiB, from address 0, are mapped to themselves in every directory of
 * paging_directory(), by one table that all of them share. So a frame's physical address is also
 * where the kernel reaches it, with paging on or off, and tables are plain arrays there.
 *
 * Nothing here invalidates what the processor may have cached: whoever changes an entry says when
 * (page_invalidate(), cr3_write()). Addresses of pages and frames are multiples of PAGE_SIZE.
 */
#ifndef PAGING_H
#define PAGING_H

#include "kernel.h"

#define PAGE_SIZE   4096u
#define KERNEL_SIZE LARGE_PAGE_SIZE /* what paging_directory() maps to itself */

/* Rights of a page, besides PTE_G */
#define PAGE_KERNEL_READ  PTE_P
#define PAGE_KERNEL_WRITE (PTE_P | PTE_RW)
#define PAGE_USER_READ    (PTE_P | PTE_US)
#define PAGE_USER_WRITE   (PTE_P | PTE_RW | PTE_US)

/* ---- frames: the last given back is the first taken ---- */

#define FRAMES_MAX 1024u

/* All of an arena is free: `count` pages at `arena`, which lies in the kernel's 4 MiB. */
void frames_init(void *arena, uint32_t count);

/* A frame, filled with zeros. Where there is none the guest says so and switches itself off. */
uint32_t frame_take(void);
void frame_give(uint32_t frame);
uint32_t frames_free(void);

/* ---- tables ---- */

static inline uint32_t *table_at(uint32_t frame)
{
	return (uint32_t *)(frame & PTE_FRAME);
}

static inline uint32_t pde_index(uint32_t linear)
{
	return linear >> 22;
}

static inline uint32_t pte_index(uint32_t linear)
{
	return linear >> 12 & (TABLE_ENTRIES - 1);
}

static inline uint32_t *pde_at(uint32_t directory, uint32_t linear)
{
	return &table_at(directory)[pde_index(linear)];
}

/* NULL where no table is: the PDE is not present, or maps 4 MiB. */
uint32_t *pte_at(uint32_t directory, uint32_t linear);

/* A new directory with the kernel's 4 MiB. The pages that hold code of ring 3 (section .user) are
 * readable for users there, all others are the kernel's; all have A and D set. */
uint32_t paging_directory(void);

/* Maps a page, with these bits in its PTE. Where there is no table, one is taken and put in with
 * PAGE_USER_WRITE, instead of whatever was there. */
void page_map(uint32_t directory, uint32_t linear, uint32_t frame, uint32_t bits);

/* Maps 4 MiB (CR4.PSE). `linear` and `physical` are multiples of that. */
void large_map(uint32_t directory, uint32_t linear, uint32_t physical, uint32_t bits);

/* Clears the PTE, and returns what it was; 0 where no table is. */
uint32_t page_unmap(uint32_t directory, uint32_t linear);

/* Gives a page other bits: its frame stays, A and D go unless they are in `bits`. There must be a
 * table. */
void page_protect(uint32_t directory, uint32_t linear, uint32_t bits);

/* ---- the processor ---- */

#define CONTROL_REGISTER(name)                                                                     \
	static inline uint32_t name##_read(void)                                                   \
	{                                                                                          \
		uint32_t value;                                                                    \
		__asm__ volatile("movl %%" #name ", %0" : "=r"(value) : : "memory");               \
		return value;                                                                      \
	}                                                                                          \
	static inline void name##_write(uint32_t value)                                            \
	{                                                                                          \
		__asm__ volatile("movl %0, %%" #name : : "r"(value) : "memory");                   \
	}
CONTROL_REGISTER(cr0)
CONTROL_REGISTER(cr2)
CONTROL_REGISTER(cr3)
CONTROL_REGISTER(cr4)
#undef CONTROL_REGISTER

static inline void page_invalidate(uint32_t linear)
{
	__asm__ volatile("invlpg %0" : : "m"(*(const char *)linear) : "memory");
}

/* Turns paging on with this directory; CR0.WP as it is. */
static inline void paging_on(uint32_t directory)
{
	cr3_write(directory);
	cr0_write(cr0_read() | CR0_PG);
}

static inline void paging_off(void)
{
	cr0_write(cr0_read() & ~CR0_PG);
}

#endif
