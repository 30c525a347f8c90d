/* SPDX-License-Identifier: BSD-2-Clause */
/* The port bus: who answers at a port. bus.h has the rules. */
#include "machine.h"
#include "vm.h"

/* The device at a port, or NULL. */
static const struct bus_range *bus_find(const struct bus *bus, uint16_t port)
{
	unsigned page = bus->directory[port >> 8];
	unsigned range = bus->page[page][port & 0xff];

	return range ? &bus->range[range] : NULL;
}

/* The page of `port`, for a device to be put there. */
static uint8_t *bus_page(struct bus *bus, uint16_t port)
{
	uint8_t *entry = &bus->directory[port >> 8];

	if (!*entry) {
		if (bus->pages == BUS_PAGES - 1)
			panic("no room on the bus for port %x: raise BUS_PAGES", port);
		*entry = (uint8_t)++bus->pages;
	}
	return bus->page[*entry];
}

void bus_attach(struct bus *bus, struct bus_range range)
{
	if (bus->ranges == BUS_RANGES - 1)
		panic("no room on the bus for ports %x to %x: raise BUS_RANGES", range.first,
			range.last);
	bus->range[++bus->ranges] = range;
	for (uint32_t port = range.first; port <= range.last; port++) {
		if (bus_find(bus, (uint16_t)port))
			panic("two devices want port %x", port);
		bus_page(bus, (uint16_t)port)[port & 0xff] = (uint8_t)bus->ranges;
	}
}

/* True where no device is at any of the ports. */
static bool bus_is_empty(const struct bus *bus, uint16_t port, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		if (bus_find(bus, (uint16_t)(port + i)))
			return false;
	return true;
}

static void report_once(struct vm *vm, uint16_t port, const char *direction)
{
	uint8_t bit = (uint8_t)(1u << port % 8);

	if (vm->bus.reported[port / 8] & bit)
		return;
	vm->bus.reported[port / 8] |= bit;
	log_printf("%s: no device at port %x (%s at EIP %08x)\n", vm->name, port, direction,
		vm->vcpu.registers.eip);
}

static uint32_t size_mask(unsigned size)
{
	return size == 4 ? 0xffffffff : (1u << size * 8) - 1;
}

/* True where a wide access is all one device's, which takes it whole. */
static bool range_takes(const struct bus_range *range, uint16_t port, unsigned size)
{
	return range && range->sizes & size && port + size - 1 <= range->last;
}

/*
 * Whatever is not one byte of one device: nobody's, a device's that takes it whole, or two halves.
 * Not inlined, so that a byte's way is short.
 */
__attribute__((noinline)) static uint32_t bus_read_other(
	struct vm *vm, uint16_t port, unsigned size)
{
	const struct bus_range *range = bus_find(&vm->bus, port);
	unsigned half = size / 2;

	if (range_takes(range, port, size))
		return range->read(vm, port, size) & size_mask(size);
	if (bus_is_empty(&vm->bus, port, size)) {
		report_once(vm, port, "read");
		return size_mask(size);
	}
	uint32_t low = bus_read(vm, port, half);
	return low | bus_read(vm, (uint16_t)(port + half), half) << half * 8;
}

__attribute__((noinline)) static void bus_write_other(
	struct vm *vm, uint16_t port, unsigned size, uint32_t value)
{
	const struct bus_range *range = bus_find(&vm->bus, port);
	unsigned half = size / 2;

	if (range_takes(range, port, size)) {
		range->write(vm, port, size, value & size_mask(size));
	} else if (bus_is_empty(&vm->bus, port, size)) {
		report_once(vm, port, "written");
	} else {
		bus_write(vm, port, half, value);
		bus_write(vm, (uint16_t)(port + half), half, value >> half * 8);
	}
}

uint32_t bus_read(struct vm *vm, uint16_t port, unsigned size)
{
	const struct bus_range *range = bus_find(&vm->bus, port);

	if (range && size == 1)
		return (uint8_t)range->read(vm, port, 1);
	return bus_read_other(vm, port, size);
}

uint32_t bus_move_block(struct vm *vm, uint16_t port, unsigned size, enum direction direction,
	uint8_t *memory, uint32_t bytes)
{
	const struct bus_range *range = bus_find(&vm->bus, port);

	if (!range_takes(range, port, size) || !range->move)
		return 0;
	return range->move(vm, port, size, direction, memory, bytes);
}

void bus_write(struct vm *vm, uint16_t port, unsigned size, uint32_t value)
{
	const struct bus_range *range = bus_find(&vm->bus, port);

	if (range && size == 1)
		range->write(vm, port, 1, (uint8_t)value);
	else
		bus_write_other(vm, port, size, value);
}
