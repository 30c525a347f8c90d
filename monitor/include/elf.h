/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Multiboot kernels in ELF files (Tool Interface Standard, ELF 1.2; Multiboot 0.6.96).
 *
 * A guest's file is not to be trusted: every offset and size in it is checked against the
 * file before it is used.
 */
#ifndef ELF_H
#define ELF_H

#include "types.h"

struct vm;

/* A file that elf_check() has passed, and where its symbols are. */
struct elf_image {
	const uint8_t *bytes;
	uint32_t size;
	uint32_t entry;      /* guest-physical */
	const void *symbols; /* struct elf_symbol[], or NULL */
	uint32_t symbol_count;
	const char *strings;
	uint32_t strings_size; /* the last byte is NUL */
};

/* Checks a whole file. NULL where it is a Multiboot kernel for this processor; otherwise what
 * is wrong with it. */
const char *elf_check(struct elf_image *image, const uint8_t *bytes, uint32_t size);

/* Looks for a header of `size` bytes where a Multiboot header may lie, and by the same rule
 * (Multiboot 3.1): its first doubleword is `magic`, and the first three add up to 0. NULL: there is
 * none. */
const void *elf_header_find(const struct elf_image *image, uint32_t magic, uint32_t size);

/* Loads the segments into the guest's memory. NULL, or what does not fit. */
const char *elf_load(const struct elf_image *image, struct vm *vm);

/* The function or label at or before an address, and the distance to it; NULL: none. */
const char *elf_symbol_at(const struct elf_image *image, uint32_t address, uint32_t *distance);

#endif
