/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's memory and registers, read and written from outside.
 *
 * The idea: Bochs writes linear memory to a file when asked ("writemem"), which takes 40 us for any
 * number of pages, and the file's length tells how much of it was mapped. Physical memory it can
 * only print in hexadecimal, 0.7 ms a page; while paging is off the two are the same and the fast
 * way serves both.
 *
 * The invariant: nothing is returned that Bochs did not say. Past the end of memory it would print
 * ones, so the length of memory is checked here.
 *
 * Read: Intel SDM volume 3, 4.3 (32-bit paging).
 */
#include "bochs_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_SIZE      4096u
#define ADDRESSES      (1ull << 32)
#define GIANTS_MAX     2048u /* eight bytes each, in one command */
#define VGA_TEXT       0xb8000u
#define CR0_PG         (1u << 31)
#define EFLAGS_CHANGED 0x00000cd5u /* CF, PF, AF, ZF, SF, DF, OF: what Bochs can set */
#define EFLAGS_DF      (1u << 10)
#define EFLAGS_OF      (1u << 11)
#define EFLAGS_SYSTEM  0x00007100u /* NT, IOPL, TF: Bochs wants to see them unchanged */

/* Bochs's "writemem" into our file; returns how many bytes came. */
static size_t linear_fetch(struct bochs *b, uint32_t address, uint8_t *bytes, size_t length)
{
	char command[80];
	struct stat st;
	ssize_t n;

	if (!length || ftruncate(b->memory, 0))
		return 0;
	snprintf(command, sizeof(command), "writemem \"/proc/self/fd/16\" 0x%" PRIx32 " %zu\n",
		address, length);
	if (talk_ask(b, command))
		return 0;
	if (fstat(b->memory, &st) || (size_t)st.st_size > length)
		return 0;
	n = pread(b->memory, bytes, (size_t)st.st_size, 0);
	return n > 0 ? (size_t)n : 0;
}

size_t bochs_read_linear(struct bochs *b, uint32_t address, void *bytes, size_t length)
{
	size_t first = PAGE_SIZE - address % PAGE_SIZE, n;

	if (bochs_check_alive(b))
		return 0;
	if (length > ADDRESSES - address)
		length = ADDRESSES - address;
	/* Bochs reads 4 KiB at a time, all of it or nothing: make these pieces pages. */
	if (first > length)
		first = length;
	n = linear_fetch(b, address, bytes, first);
	if (n == first)
		n += linear_fetch(
			b, address + (uint32_t)first, (uint8_t *)bytes + first, length - first);
	return n;
}

/* Reads what lies around [address, address + length) in units of eight bytes and copies it out. */
static bool giants_fetch(struct bochs *b, uint32_t address, uint8_t *bytes, size_t length)
{
	uint64_t values[GIANTS_MAX];
	uint32_t start = address & ~7u;
	size_t n = (address + length - start + 7) / 8;
	char command[40];

	snprintf(command, sizeof(command), "xp /%zugx 0x%" PRIx32 "\n", n, start);
	if (talk_ask(b, command))
		return false;
	if (parse_giants(b->answer.bytes, values, n) != n) {
		bochs_fail(b, "Bochs shows memory in an unknown way: is it version 2.7?");
		return false;
	}
	memcpy(bytes, (const uint8_t *)values + (address - start), length);
	return true;
}

static uint64_t memory_size(const struct bochs *b)
{
	return (uint64_t)b->megs << 20;
}

size_t bochs_read_physical(struct bochs *b, uint32_t address, void *bytes, size_t length)
{
	const struct bochs_registers *r = bochs_registers(b);
	size_t done = 0, most = 8 * (GIANTS_MAX - 1);

	if (!r || address >= memory_size(b))
		return 0;
	if (length > memory_size(b) - address)
		length = (size_t)(memory_size(b) - address);
	if (!(r->cr0 & CR0_PG))
		return bochs_read_linear(b, address, bytes, length);
	while (done < length) {
		size_t n = length - done < most ? length - done : most;

		if (!giants_fetch(b, address + (uint32_t)done, (uint8_t *)bytes + done, n))
			break;
		done += n;
	}
	return done;
}

bool bochs_translate(struct bochs *b, uint32_t linear, uint32_t *physical)
{
	static const char label[] = "maps to physical page 0x";
	char command[32];
	const char *p;
	unsigned page;

	if (bochs_check_alive(b))
		return false;
	snprintf(command, sizeof(command), "page 0x%" PRIx32 "\n", linear);
	if (talk_ask(b, command))
		return false;
	p = strstr(b->answer.bytes, label);
	if (!p || sscanf(p + strlen(label), "%x", &page) != 1)
		return false;
	*physical = page | linear % PAGE_SIZE;
	return true;
}

/* Words where they are aligned, bytes elsewhere. */
static int physical_store(struct bochs *b, uint32_t address, const uint8_t *bytes, size_t length)
{
	char commands[TALK_MAX];
	size_t at = 0;

	while (length) {
		uint32_t value = *bytes;
		unsigned size = 1;

		if (address % 4 == 0 && length >= 4) {
			size = 4;
			memcpy(&value, bytes, 4);
		}
		at += (size_t)sprintf(commands + at, "setpmem 0x%" PRIx32 " %u 0x%" PRIx32 "\n",
			address, size, value);
		address += size;
		bytes += size;
		length -= size;
		if (at > TALK_MAX - 64 || !length) {
			if (talk_ask(b, commands))
				return -1;
			if (strstr(b->answer.bytes, "Error"))
				return bochs_fail(b, "Bochs cannot write machine memory");
			at = 0;
		}
	}
	return 0;
}

int bochs_write_physical(struct bochs *b, uint32_t address, const void *bytes, size_t length)
{
	if (bochs_check_alive(b))
		return -1;
	if (address > memory_size(b) || length > memory_size(b) - address)
		return bochs_fail(b, "%zu bytes at machine address 0x%" PRIx32 " are not in memory",
			length, address);
	b->registers_known = false;
	return physical_store(b, address, bytes, length);
}

/* Writes a linear range page by page, or only looks whether all of it can be written. */
static int linear_walk(
	struct bochs *b, uint32_t address, const uint8_t *bytes, size_t length, bool store)
{
	while (length) {
		size_t n = PAGE_SIZE - address % PAGE_SIZE;
		uint32_t physical;

		if (n > length)
			n = length;
		if (!bochs_translate(b, address, &physical) || physical + n > memory_size(b))
			return bochs_check_alive(b) ||
			       bochs_fail(b, "linear address 0x%" PRIx32 " is not mapped to memory",
				       address);
		if (store && physical_store(b, physical, bytes, n))
			return -1;
		address += (uint32_t)n;
		bytes += n;
		length -= n;
	}
	return 0;
}

int bochs_write_linear(struct bochs *b, uint32_t address, const void *bytes, size_t length)
{
	if (bochs_check_alive(b))
		return -1;
	if (length > ADDRESSES - address)
		return bochs_fail(b, "the range goes past 4 GiB");
	if (linear_walk(b, address, bytes, length, false))
		return -1;
	return linear_walk(b, address, bytes, length, true);
}

int bochs_screen(struct bochs *b, char rows[BOCHS_SCREEN_ROWS][BOCHS_SCREEN_COLUMNS + 1])
{
	uint8_t cells[BOCHS_SCREEN_ROWS][BOCHS_SCREEN_COLUMNS][2];

	memset(rows, 0, BOCHS_SCREEN_ROWS * (BOCHS_SCREEN_COLUMNS + 1));
	if (bochs_read_physical(b, VGA_TEXT, cells, sizeof(cells)) != sizeof(cells))
		return -1;
	for (size_t row = 0; row < BOCHS_SCREEN_ROWS; row++)
		for (size_t column = 0; column < BOCHS_SCREEN_COLUMNS; column++) {
			uint8_t c = cells[row][column][0];

			rows[row][column] = (char)(c == 0 ? ' ' : c < ' ' || c > '~' ? '.' : c);
		}
	return 0;
}

/* Where a register's value is, and its name in Bochs's "set". */
static uint32_t register_value(
	const struct bochs_registers *r, enum bochs_register reg, const char **name)
{
	const struct {
		const char *name;
		uint32_t value;
	} table[] = {
		[BOCHS_EAX] = {"eax", r->eax},
		[BOCHS_ECX] = {"ecx", r->ecx},
		[BOCHS_EDX] = {"edx", r->edx},
		[BOCHS_EBX] = {"ebx", r->ebx},
		[BOCHS_ESP] = {"esp", r->esp},
		[BOCHS_EBP] = {"ebp", r->ebp},
		[BOCHS_ESI] = {"esi", r->esi},
		[BOCHS_EDI] = {"edi", r->edi},
		[BOCHS_EIP] = {"eip", r->eip},
		[BOCHS_EFLAGS] = {"$eflags", r->eflags},
	};

	*name = table[reg].name;
	return table[reg].value;
}

/* Bochs reads DF and OF from one bit too low, and NT, IOPL and TF only to compare them. */
static uint32_t eflags_for_bochs(uint32_t value)
{
	return (value & EFLAGS_CHANGED & 0xff) | (value & (EFLAGS_DF | EFLAGS_OF)) >> 1 |
	       (value & EFLAGS_SYSTEM);
}

int bochs_set_register(struct bochs *b, enum bochs_register reg, uint32_t value)
{
	const struct bochs_registers *r = bochs_registers(b);
	const char *name;
	char command[40];

	if (!r)
		return -1;
	if ((unsigned)reg > BOCHS_EFLAGS)
		return bochs_fail(b, "there is no register %u", (unsigned)reg);
	if (reg == BOCHS_EFLAGS && (value ^ r->eflags) & ~EFLAGS_CHANGED)
		return bochs_fail(b, "Bochs cannot change EFLAGS from 0x%" PRIx32 " to 0x%" PRIx32,
			r->eflags, value);
	if (reg == BOCHS_EIP && r->halted)
		return bochs_fail(
			b, "the processor sleeps in HLT: it would not run from 0x%" PRIx32, value);
	if (register_value(r, reg, &name) == value)
		return 0;
	snprintf(command, sizeof(command), "set %s = 0x%" PRIx32 "\n", name,
		reg == BOCHS_EFLAGS ? eflags_for_bochs(value) : value);
	b->registers_known = false;
	if (talk_ask(b, command) || !bochs_registers(b))
		return -1;
	if (register_value(&b->registers, reg, &name) != value)
		return bochs_fail(b, "Bochs did not set %s to 0x%" PRIx32, name, value);
	return 0;
}
