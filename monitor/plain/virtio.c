/* SPDX-License-Identifier: BSD-2-Clause */
/* Before lab 5 there are no virtio devices. */
#include "paravirt.h"
#include "virtio_devices.h"

const char *virtio_attach(struct vm *vm)
{
	(void)vm;
	return NULL;
}

void virtio_detach(struct vm *vm)
{
	(void)vm;
}

void virtio_describe(const struct vm *vm, char *command_line, size_t size)
{
	(void)vm, (void)command_line, (void)size;
}

uint64_t virtio_deadline(const struct vm *vm)
{
	(void)vm;
	return CLOCK_NEVER;
}

void virtio_advance(struct vm *vm, uint64_t now)
{
	(void)vm, (void)now;
}

void virtio_serial_input(struct vm *vm, uint8_t byte)
{
	(void)vm, (void)byte;
}

bool virtio_net_receive(struct vm *to, const uint8_t *frame, uint32_t length)
{
	(void)to, (void)frame, (void)length;
	return false;
}
