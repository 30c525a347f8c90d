/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the monitor lives. Everything about its place follows from these constants.
 *
 *   linear address              what is there, in every address space
 *   0 .. MONITOR_BASE - 1       the guest's, page by page as the guest sees it
 *   MONITOR_BASE + m            machine address m, for m < MACHINE_MEMORY_MAX
 *                               (4 MiB pages, supervisor, global)
 *   CODE_VIEW + a               since lab 4: what the guest's kernel executes at a (code.h)
 *
 * A guest's kernel runs in ring 1. To the page tables ring 1 is a supervisor as ring 0 is
 * (SDM 3A 5.11.2), so only segment limits keep it below MONITOR_BASE.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#define MONITOR_BASE       0xf0000000u
#define MONITOR_LOAD       0x00100000u          /* machine address of the image */
#define MACHINE_MEMORY_MAX (192u * 1024 * 1024) /* bytes that the direct map can hold */
#define CODE_VIEW          (MONITOR_BASE + MACHINE_MEMORY_MAX)

/*
 * Selectors. The monitor owns the last eight entries of every GDT that it loads, so that a
 * guest's own descriptors keep the indices that the guest gave them.
 */
#define GDT_ENTRIES       8192
#define GDT_GUEST_ENTRIES 8184
#define MONITOR_CS        0xffc0
#define MONITOR_DS        0xffc8
#define MONITOR_TSS       0xffd0
#define MONITOR_FAULT_TSS 0xffd8 /* the task that reports the monitor's own double fault */
#define MONITOR_LDT       0xffe0 /* the running guest's LDT, deprivileged */
#define MONITOR_SHARED    0xffe8 /* what patch blocks share with the monitor (patch.h) */

/* The selectors that the boot loader leaves to a kernel, on the bare machine and here. */
#define BOOT_CS 0x08
#define BOOT_DS 0x10

#endif
