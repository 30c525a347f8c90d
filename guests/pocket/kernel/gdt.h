/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segments: what keeps a program inside its own memory.
 *
 * There is no paging. A program's code and data segments begin where its memory begins and end
 * where it ends, so whatever address a program forms, the processor adds the base and checks the
 * limit. The kernel's own segments are flat and have DPL 0, so no program can load them.
 *
 * Each task has a GDT of its own, which never changes once it is filled in. To switch tasks is to
 * load another one. Intel SDM volume 3A, 3.4 and 5.2.
 */
#ifndef GDT_H
#define GDT_H

#include "x86.h"

/* The same in every GDT. trap.asm knows KERNEL_DS. */
#define KERNEL_CS 0x08
#define KERNEL_DS 0x10
#define USER_CS   (0x18 | 3)
#define USER_DS   (0x20 | 3)
#define TSS_ENTRY 0x28

#define GDT_ENTRIES 6

struct gdt {
	struct descriptor entry[GDT_ENTRIES];
};

/* Fills in a task's table. The user segments cover `size` bytes (whole pages) from `base`; with
 * size 0 there are none. */
void gdt_fill(struct gdt *gdt, uint32_t base, uint32_t size);

/* The first load of all: also the segment registers and the task register. */
void gdt_start(const struct gdt *gdt);

/* From now on these are the tables of the running task: its GDT, and the stack on which the
 * processor arrives in the kernel when it comes from ring 3. Interrupts must be off. */
void gdt_load(const struct gdt *gdt, uint32_t kernel_stack_top);

#endif
