/* SPDX-License-Identifier: BSD-2-Clause */
/* All devices of a guest, as one: what devices.h promises, each device's part by itself. */
#include "vm.h"

void devices_attach(struct vm *vm)
{
	uint64_t now = clock_now();

	uart_attach(vm);
	pit_attach(vm, now);
	cmos_attach(vm, now);
	keyboard_attach(vm);
	debug_ports_attach(vm);
}

void devices_advance(struct vm *vm, uint64_t now)
{
	pit_advance(vm, now);
	cmos_advance(vm, now);
	uart_advance(vm, now);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t devices_deadline(const struct vm *vm)
{
	const struct devices *devices = &vm->devices;
	uint64_t deadline = earlier(devices->pit.next_edge, devices->uart.timeout);

	return earlier(deadline, cmos_deadline(&devices->cmos));
}

void devices_serial_input(struct vm *vm, uint8_t byte)
{
	uart_receive(vm, byte);
}

void devices_key(struct vm *vm, uint8_t scan_code)
{
	keyboard_key(vm, scan_code);
}
