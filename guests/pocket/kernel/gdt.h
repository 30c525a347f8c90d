/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segments. All are flat: each begins at 0 and ends at 4 GiB. They only say which ring runs; memory
 * is protected by pages. The table is filled in once and never changes. Intel SDM volume 3A, 3.2.1.
 */
#ifndef GDT_H
#define GDT_H

#include <stdint.h>

/* trap.asm knows them too. */
#define KERNEL_CS 0x08
#define KERNEL_DS 0x10
#define USER_CS   (0x18 | 3)
#define USER_DS   (0x20 | 3)
#define TSS_ENTRY 0x28

#define GDT_ENTRIES 6

/* Fills in the table, and loads the segment registers and the task register. */
void gdt_init(void);

/* The stack on which the processor arrives in the kernel when it comes from ring 3: the running
 * task's. Interrupts must be off. */
void gdt_set_kernel_stack(uint32_t top);

#endif
