/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page directories and page tables: who may use which linear address, and what lies there.
 *
 *   0          page 0 is not mapped: NULL is no one's address
 *   1000h      the kernel's: all physical memory, where it is; the same in every directory
 *   USER_BASE  the running program's (space.h)
 *   USER_END   nothing
 *
 * Intel SDM volume 3A, 4.3.
 */
#ifndef PAGING_H
#define PAGING_H

#include "x86.h"

/* In an entry of a program's page: RW is 0 only because the frame is shared. The processor leaves
 * this bit to the system. */
#define PTE_COPY_ON_WRITE (1u << 9)

/* Makes the kernel's directory and turns paging on. */
void paging_init(void);

/* The directory in which there is no program. */
uint32_t *kernel_directory(void);

/* A new directory with the kernel's part; NULL: no memory. It is one frame. */
uint32_t *directory_create(void);

/* The part of a directory that belongs to the program: [FIRST, END). */
#define DIRECTORY_USER_FIRST (USER_BASE / LARGE_PAGE_SIZE)
#define DIRECTORY_USER_END   (USER_END / LARGE_PAGE_SIZE)

/* The first entry in [from, end) that is present; `end`: there is none. */
unsigned entry_next(const uint32_t *table, unsigned from, unsigned end);

/* The entry for a program's address; NULL: there is no page table for it. */
uint32_t *page_entry(const uint32_t *directory, uint32_t address);

/* The same, with a new page table where there is none. NULL: no memory. */
uint32_t *page_entry_create(uint32_t *directory, uint32_t address);

/* The frame that a present entry points to: a page or a page table. */
static inline void *entry_frame(uint32_t entry)
{
	return (void *)(entry & PTE_FRAME);
}

#endif
