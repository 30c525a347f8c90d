/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The port bus of one virtual machine: ranges of I/O ports and the devices behind them.
 *
 * A port with no device behind it reads all ones and ignores writes, as on a PC; the log says
 * so once for each port.
 */
#ifndef BUS_H
#define BUS_H

#include "types.h"

#define BUS_RANGES 16

struct vm;

struct bus_range {
	uint16_t first, last; /* ports, both included */
	uint32_t (*read)(struct vm *vm, uint16_t port, unsigned size);
	void (*write)(struct vm *vm, uint16_t port, unsigned size, uint32_t value);
};

struct bus {
	unsigned count;
	struct bus_range range[BUS_RANGES];
	uint8_t reported[65536 / 8]; /* a bit for each port that the log has named */
};

/* Puts a device on the bus. Panics where the ports are taken or the table is full. */
void bus_attach(struct bus *bus, struct bus_range range);

/* One access of `size` bytes (1, 2 or 4). The value read has `size` bytes, the rest is 0. */
uint32_t bus_read(struct vm *vm, uint16_t port, unsigned size);
void bus_write(struct vm *vm, uint16_t port, unsigned size, uint32_t value);

#endif
