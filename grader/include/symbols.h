/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The symbols of a 32-bit x86 ELF program: names to addresses and back, and addresses to the bytes
 * of the file.
 *
 * The idea: a test says "run until kernel_main" and a report says "kernel_main+0x12"; both look
 * here. A test's secret inputs are patched into the file at the offset of a symbol.
 *
 * The invariant: the file may come from a student and may be broken on purpose. Everything is
 * checked against the file's size when it is opened; after that nothing can fail but a look-up.
 *
 * Read: Tool Interface Standard, Executable and Linking Format 1.2, book I; System V ABI, i386
 * supplement.
 */
#ifndef SYMBOLS_H
#define SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYMBOLS_ERROR_MAX 512

struct symbols;

/*
 * Reads an ELF file (ELFCLASS32, little-endian, EM_386, a linked program). Returns NULL and one
 * line in error[] if it is not one. A program without a symbol table has no symbols, which is no
 * error.
 */
struct symbols *symbols_open(const char *path, char error[SYMBOLS_ERROR_MAX]);

/* Accepts NULL. */
void symbols_close(struct symbols *s);

/* The program's entry point, linear. */
uint32_t symbols_entry(const struct symbols *s);

/*
 * The address of a name. A global name wins over local ones. False if there is none, or if only
 * several local ones at different addresses.
 */
bool symbols_address(const struct symbols *s, const char *name, uint32_t *address);

/* The size in bytes that the symbol table gives the name; 0 for unknown names and NASM's labels. */
uint32_t symbols_size(const struct symbols *s, const char *name);

/*
 * The symbol that an address belongs to: the nearest one at or before it in the same section that
 * does not end before it. NULL if there is none. *offset (may be NULL) is the distance from it.
 */
const char *symbols_lookup(const struct symbols *s, uint32_t address, uint32_t *offset);

/*
 * Where in the file the length bytes at a linear address are stored. False if they are not all in
 * one loaded segment of the file: an unused address, or zero-initialized memory (.bss).
 */
bool symbols_file_offset(
	const struct symbols *s, uint32_t address, uint32_t length, uint32_t *offset);

/* A section that is loaded: [start, end), never empty. */
struct symbols_range {
	const char *name;
	uint32_t start;
	uint32_t end;
	bool executable;
	bool writable;
};

/* The loaded sections in order of address; *n of them. */
const struct symbols_range *symbols_sections(const struct symbols *s, size_t *n);

/* Calls back for every named symbol in a loaded section, in order of address. */
typedef void symbols_fn(void *context, const char *name, uint32_t address, uint32_t size);
void symbols_each(const struct symbols *s, symbols_fn *fn, void *context);

#endif
