/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The port bus of one virtual machine: ranges of I/O ports and the devices behind them.
 *
 * Every device takes single bytes. An access of two or four bytes, where the device does not say
 * that it takes it whole, becomes accesses to consecutive ports, the low half first, as on an ISA
 * bus.
 *
 * A port with no device behind it reads all ones and ignores writes, as on a PC; the log says so
 * once for each port.
 *
 * The table has two levels, like page tables, and for the same reason: a guest uses few of its
 * 65536 ports, and every access looks one up.
 *
 * Memory-mapped devices are few: a short list of ranges of guest-physical addresses. Where neither
 * memory nor a device is, the bus floats: it reads all ones, and writes are lost.
 */
#ifndef BUS_H
#define BUS_H

#include "types.h"

#define BUS_RANGES 32
#define BUS_PAGES  16 /* blocks of 256 ports that have a device */

#define BUS_MEMORY_RANGES  8
#define BUS_MEMORY_REPORTS 16 /* pages without anything that the log names, at most */

/* Sizes of access beyond a byte that a device takes whole. */
#define BUS_WORD       2
#define BUS_DOUBLEWORD 4

struct vm;

enum direction { FROM_GUEST, TO_GUEST };

struct bus_range {
	uint16_t first, last; /* ports, both included */
	uint32_t (*read)(struct vm *vm, uint16_t port, unsigned size);
	void (*write)(struct vm *vm, uint16_t port, unsigned size, uint32_t value);
	unsigned sizes; /* BUS_WORD, BUS_DOUBLEWORD; 0: bytes only */
	/* Moves at most `bytes` through a port in accesses of `size`, all at once. Returns how
	 * many: whole accesses, 0 where there are none. NULL: there is no such port. */
	uint32_t (*move)(struct vm *vm, uint16_t port, unsigned size, enum direction direction,
		uint8_t *memory, uint32_t bytes);
};

/* Such a device takes 1, 2 or 4 bytes at an address that is a multiple of their number. */
struct bus_memory {
	gpa_t first, last; /* both included */
	uint32_t (*read)(struct vm *vm, gpa_t address, unsigned size);
	void (*write)(struct vm *vm, gpa_t address, unsigned size, uint32_t value);
};

/* range[0] and page[0] are no device's: what a table that is all zero leads to. */
struct bus {
	unsigned ranges, pages;       /* how many are taken, those two not counted */
	uint8_t directory[256];       /* the port's high byte -> a page */
	uint8_t page[BUS_PAGES][256]; /* its low byte -> a range */
	struct bus_range range[BUS_RANGES];
	uint8_t reported[65536 / 8];            /* a bit for each port that the log has named */
	unsigned memory_ranges, memory_reports; /* how many are taken */
	struct bus_memory memory[BUS_MEMORY_RANGES];
	gpa_t memory_reported[BUS_MEMORY_REPORTS]; /* pages that the log has named */
};

/* Puts a device on the bus. Panics where the ports are taken or the table is full. A bus needs no
 * other preparation than to be all zero. */
void bus_attach(struct bus *bus, struct bus_range range);

/* One access of `size` bytes (1, 2 or 4). The value read has `size` bytes, the rest is 0. */
uint32_t bus_read(struct vm *vm, uint16_t port, unsigned size);
void bus_write(struct vm *vm, uint16_t port, unsigned size, uint32_t value);

/* Many accesses of `size` bytes to one port, at most `bytes` in all, from or to memory. Returns how
 * many bytes were moved; 0: no device does that. */
uint32_t bus_move_block(struct vm *vm, uint16_t port, unsigned size, enum direction direction,
	uint8_t *memory, uint32_t bytes);

/* ---- memory-mapped devices (bus_memory.c) ---- */

/* Puts one on the bus. Panics where the addresses are taken or the list is full. */
void bus_attach_memory(struct bus *bus, struct bus_memory memory);

/* One access of `size` bytes (1, 2 or 4) at a multiple of `size`, as above. */
uint32_t bus_read_memory(struct vm *vm, gpa_t address, unsigned size);
void bus_write_memory(struct vm *vm, gpa_t address, unsigned size, uint32_t value);

/* An operand of any size at any address, of which it makes such accesses: upwards, each the largest
 * that its address and what is left allow. */
void bus_load_memory(struct vm *vm, gpa_t from, void *to, uint32_t size);
void bus_store_memory(struct vm *vm, gpa_t to, const void *from, uint32_t size);

#endif
