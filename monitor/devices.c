/* SPDX-License-Identifier: BSD-2-Clause */
/* All devices of a guest, as one: what devices.h promises, each device's part by itself. */
#include "paravirt.h"
#include "vm.h"

void devices_attach(struct vm *vm)
{
	uint64_t now = clock_now();

	uart_attach(vm);
	pit_attach(vm, now);
	cmos_attach(vm, now);
	keyboard_attach(vm);
	ide_attach(vm);
	debug_ports_attach(vm);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t devices_deadline(const struct vm *vm)
{
	const struct devices *devices = &vm->devices;
	uint64_t deadline = earlier(devices->pit.next_edge, devices->uart.timeout);

	if (vm->virtio)
		deadline = earlier(deadline, virtio_deadline(vm));
	return earlier(deadline, devices->cmos.deadline);
}

uint64_t devices_advance(struct vm *vm, uint64_t now)
{
	const struct devices *devices = &vm->devices;

	if (now >= devices->pit.next_edge)
		pit_advance(vm, now);
	if (now >= devices->uart.timeout)
		uart_advance(vm, now);
	if (now >= devices->cmos.deadline) /* else it catches up when it is read */
		cmos_advance(vm, now);
	if (vm->virtio)
		virtio_advance(vm, now);
	return devices_deadline(vm);
}

void devices_serial_input(struct vm *vm, uint8_t byte)
{
	uart_receive(vm, byte);
	virtio_serial_input(vm, byte);
}

void devices_key(struct vm *vm, uint8_t scan_code)
{
	keyboard_key(vm, scan_code);
}
