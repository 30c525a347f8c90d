/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory bus where there is no memory: who answers at a guest-physical address. bus.h has the
 * rules.
 *
 * Invariant: a device sees only accesses that are wholly its own, and aligned. An operand that
 * reaches from one device to the next, or beyond, is two accesses on a bus too.
 */
#include "machine.h"
#include "strings.h"
#include "vm.h"

void bus_attach_memory(struct bus *bus, struct bus_memory memory)
{
	if (bus->memory_ranges == BUS_MEMORY_RANGES)
		panic("no room on the bus for memory %x to %x: raise BUS_MEMORY_RANGES",
			memory.first.raw, memory.last.raw);
	if (memory.last.raw >= GPA_NOTHING.raw)
		panic("no device may be in the last page of memory, as at %x", memory.last.raw);
	for (unsigned i = 0; i < bus->memory_ranges; i++)
		if (memory.first.raw <= bus->memory[i].last.raw &&
			memory.last.raw >= bus->memory[i].first.raw)
			panic("two devices want memory at %x", memory.first.raw);
	bus->memory[bus->memory_ranges++] = memory;
}

/* The device that has one of these bytes, or NULL. */
static const struct bus_memory *memory_find(const struct bus *bus, gpa_t address, unsigned size)
{
	for (unsigned i = 0; i < bus->memory_ranges; i++)
		if (address.raw <= bus->memory[i].last.raw &&
			address.raw + size - 1 >= bus->memory[i].first.raw)
			return &bus->memory[i];
	return NULL;
}

static bool memory_takes(const struct bus_memory *memory, gpa_t address, unsigned size)
{
	return address.raw >= memory->first.raw && address.raw + size - 1 <= memory->last.raw;
}

/* Once for each page, and then no more: a guest that looks for its memory's end finds many. */
static void report_once(struct vm *vm, gpa_t address, const char *direction)
{
	struct bus *bus = &vm->bus;
	gpa_t page = gpa(address.raw & ~PAGE_MASK);

	for (unsigned i = 0; i < bus->memory_reports; i++)
		if (bus->memory_reported[i].raw == page.raw)
			return;
	if (bus->memory_reports == BUS_MEMORY_REPORTS)
		return;
	bus->memory_reported[bus->memory_reports++] = page;
	log_printf("%s: neither memory nor a device at guest-physical %08x (%s at EIP %08x)%s\n",
		vm->name, address.raw, direction, vm->vcpu.registers.eip,
		bus->memory_reports == BUS_MEMORY_REPORTS ? "; the log names no more of these"
							  : "");
}

static uint32_t size_mask(unsigned size)
{
	return size == 4 ? 0xffffffff : (1u << size * 8) - 1;
}

uint32_t bus_read_memory(struct vm *vm, gpa_t address, unsigned size)
{
	const struct bus_memory *memory = memory_find(&vm->bus, address, size);
	unsigned half = size / 2;

	if (!memory) {
		report_once(vm, address, "read");
		return size_mask(size);
	}
	if (memory_takes(memory, address, size))
		return memory->read(vm, address, size) & size_mask(size);
	uint32_t low = bus_read_memory(vm, address, half);
	return low | bus_read_memory(vm, gpa(address.raw + half), half) << half * 8;
}

void bus_write_memory(struct vm *vm, gpa_t address, unsigned size, uint32_t value)
{
	const struct bus_memory *memory = memory_find(&vm->bus, address, size);
	unsigned half = size / 2;

	if (!memory) {
		report_once(vm, address, "written");
	} else if (memory_takes(memory, address, size)) {
		memory->write(vm, address, size, value & size_mask(size));
	} else {
		bus_write_memory(vm, address, half, value);
		bus_write_memory(vm, gpa(address.raw + half), half, value >> half * 8);
	}
}

/* How much of an operand one access takes. */
static unsigned access_size(uint32_t address, uint32_t left)
{
	if (address & 1 || left < 2)
		return 1;
	return address & 2 || left < 4 ? 2 : 4;
}

void bus_load_memory(struct vm *vm, gpa_t from, void *to, uint32_t size)
{
	for (uint32_t done = 0, part; done < size; done += part) {
		part = access_size(from.raw + done, size - done);
		uint32_t value = bus_read_memory(vm, gpa(from.raw + done), part);
		memcpy((uint8_t *)to + done, &value, part);
	}
}

void bus_store_memory(struct vm *vm, gpa_t to, const void *from, uint32_t size)
{
	for (uint32_t done = 0, part; done < size; done += part) {
		uint32_t value = 0;
		part = access_size(to.raw + done, size - done);
		memcpy(&value, (const uint8_t *)from + done, part);
		bus_write_memory(vm, gpa(to.raw + done), part, value);
	}
}
