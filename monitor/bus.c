/* SPDX-License-Identifier: BSD-2-Clause */
/* The port bus: who answers at a port. bus.h has the rules. */
#include "machine.h"
#include "vm.h"

static const struct bus_range *bus_find(const struct bus *bus, uint16_t port)
{
	for (unsigned i = 0; i < bus->count; i++)
		if (port >= bus->range[i].first && port <= bus->range[i].last)
			return &bus->range[i];
	return NULL;
}

void bus_attach(struct bus *bus, struct bus_range range)
{
	if (bus->count == BUS_RANGES)
		panic("no room on the bus for ports %x to %x: raise BUS_RANGES", range.first,
			range.last);
	for (uint32_t port = range.first; port <= range.last; port++)
		if (bus_find(bus, (uint16_t)port))
			panic("two devices want port %x", port);
	bus->range[bus->count++] = range;
}

static uint32_t size_mask(unsigned size)
{
	return size == 4 ? 0xffffffff : (1u << size * 8) - 1;
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

uint32_t bus_read(struct vm *vm, uint16_t port, unsigned size)
{
	const struct bus_range *range = bus_find(&vm->bus, port);

	if (range)
		return range->read(vm, port, size) & size_mask(size);
	report_once(vm, port, "read");
	return size_mask(size);
}

void bus_write(struct vm *vm, uint16_t port, unsigned size, uint32_t value)
{
	const struct bus_range *range = bus_find(&vm->bus, port);

	if (range)
		range->write(vm, port, size, value & size_mask(size));
	else
		report_once(vm, port, "written");
}
