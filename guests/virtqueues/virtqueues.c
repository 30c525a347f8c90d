/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tries every virtio device that its command line names (VIRTIO 1.2), first as a driver should, and
 * then as none must.
 */
#include "virtqueues.h"

#define BASE 0x20

static void interrupted(struct frame *frame)
{
	unsigned irq = frame->vector - BASE;

	for (unsigned i = 0; i < device_count; i++) {
		uint32_t events = register_read(&devices[i], VIRTIO_MMIO_INTERRUPT_STATUS);
		if (devices[i].irq != irq || !events)
			continue;
		register_write(&devices[i], VIRTIO_MMIO_INTERRUPT_ACK, events);
		interrupts++;
	}
	pic_end(irq);
}

static void interrupts_prepare(void)
{
	uint16_t mask = 0xffff & ~(1 << 2);

	kernel_tables_load();
	pic_init(BASE, BASE + 8);
	for (unsigned i = 0; i < device_count; i++) {
		handler_set((uint8_t)(BASE + devices[i].irq), interrupted);
		mask &= (uint16_t) ~(1 << devices[i].irq);
	}
	pic_mask(mask);
	interrupts_enable();
}

void kernel_main(uint32_t info)
{
	static const struct {
		uint32_t id;
		void (*try)(const struct device *device);
	} tries[] = {
		{VIRTIO_ID_BLOCK, block_try},
		{VIRTIO_ID_CONSOLE, console_try},
		{VIRTIO_ID_ENTROPY, entropy_try},
		{VIRTIO_ID_NET, network_try},
		{VIRTIO_ID_ENTROPY, hostile_try},
		{VIRTIO_ID_ENTROPY, registers_try},
		{VIRTIO_ID_BLOCK, flight_try},
	};

	console_printf("virtqueues: %s\n", command_line(info));
	memory_end = (memory_kib(info) + 64) * 1024;
	devices_find(command_line(info));
	interrupts_prepare();
	for (unsigned i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		const struct device *device = device_of(tries[i].id);
		if (device)
			tries[i].try(device);
	}
	console_printf("virtqueues: %u devices, %u failures\n", device_count, failures);
}
