/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Multiboot Specification, version 0.6.96: what a boot loader and a kernel say to each
 * other. The monitor is a kernel to its loader, and a loader to its guests.
 */
#ifndef MULTIBOOT_H
#define MULTIBOOT_H

#include "types.h"

/* The header in a kernel's first 8 KiB (3.1) */
#define MULTIBOOT_HEADER_MAGIC  0x1badb002u
#define MULTIBOOT_HEADER_SEARCH 8192u
#define MULTIBOOT_PAGE_ALIGN    (1u << 0)
#define MULTIBOOT_MEMORY_INFO   (1u << 1)
#define MULTIBOOT_REQUIRED      0xffffu /* flags that a loader must understand or refuse */

struct multiboot_header {
	uint32_t magic, flags, checksum; /* their sum is 0 */
};

/* What EAX holds when the kernel starts (3.2) */
#define MULTIBOOT_BOOT_MAGIC 0x2badb002u

/* The information that EBX points at (3.3) */
#define MULTIBOOT_HAS_MEMORY       (1u << 0)
#define MULTIBOOT_HAS_COMMAND_LINE (1u << 2)
#define MULTIBOOT_HAS_MODULES      (1u << 3)
#define MULTIBOOT_HAS_MAP          (1u << 6)
#define MULTIBOOT_HAS_LOADER_NAME  (1u << 9)

struct multiboot_info {
	uint32_t flags;
	uint32_t memory_lower, memory_upper; /* KiB from 0, KiB from 1 MiB */
	uint32_t boot_device;
	uint32_t command_line;
	uint32_t module_count, modules;
	uint32_t symbols[4];
	uint32_t map_length, map;
	uint32_t drives_length, drives;
	uint32_t config_table;
	uint32_t loader_name;
	uint32_t apm_table;
};

struct multiboot_module {
	uint32_t start, end; /* the byte behind the last */
	uint32_t command_line;
	uint32_t reserved;
};

#define MULTIBOOT_MAP_USABLE   1u
#define MULTIBOOT_MAP_RESERVED 2u

struct multiboot_map_entry {
	uint32_t size; /* of what follows; the next entry is that far behind this field */
	uint64_t base;
	uint64_t length;
	uint32_t type;
} __attribute__((packed));

#endif
