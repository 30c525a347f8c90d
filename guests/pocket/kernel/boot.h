/* SPDX-License-Identifier: BSD-2-Clause */
/* What the boot loader said (Multiboot 3.3): memory and the command line. */
#ifndef BOOT_H
#define BOOT_H

#include <stdbool.h>
#include <stdint.h>

/* Takes over what is needed, so that the loader's memory can be reused. */
void boot_init(uint32_t magic, uint32_t information);

/* One block of memory that may be used: [start, end). */
struct memory_range {
	uint32_t start, end;
};

#define MEMORY_RANGES_MAX 16u

/* The number of ranges, and the ranges. They end below 4 GiB, and below mem=MIB where that was
 * given. */
unsigned boot_memory(const struct memory_range **ranges);

/* Copies the value of the command line's word `name`=value. False: there is no such word. With an
 * empty value it is there. A value that is too long is cut. */
bool boot_option(const char *name, char *value, uint32_t size);

/* The whole command line: words with a space between. The first may be the kernel's own name. */
const char *boot_command_line(void);

#endif
