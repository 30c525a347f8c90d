/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entropy device (VIRTIO 1.2, 5.4): bytes that look random.
 *
 * They are not fit for cryptography. The generator's state is 64 bits, which anyone can find out
 * who sees 8 bytes in a row (Marsaglia, "Xorshift RNGs", 2003), and its seed is a word of the
 * guest's command line, entropy=NUMBER, or the time. With the word a run can be repeated.
 */
#include "clock.h"
#include "virtio_devices.h"

#define BUDGET 65536

static bool entropy_attach(struct virtio_device *device)
{
	const struct vm *vm = device->vm;
	uint32_t seed = option_number(vm->command_line, "entropy=", (uint32_t)clock_now());

	/* never 0, and another one for each guest */
	vm->virtio->entropy.state = ((uint64_t)(vm->number + 1) << 32 | seed) * 0x9e3779b97f4a7c15;
	return true;
}

static uint64_t next(struct virtio_entropy *entropy)
{
	entropy->state ^= entropy->state << 13;
	entropy->state ^= entropy->state >> 7;
	entropy->state ^= entropy->state << 17;
	return entropy->state;
}

static bool entropy_serve(
	struct virtio_device *device, struct virtio_queue *queue, uint32_t *budget)
{
	const struct virtqueue_chain *chain = &queue->chain;

	if (chain->readable) {
		virtio_refuse(device, "5.4.6.1", "a buffer for random bytes has some to be read");
		return false;
	}
	while (*budget && queue->written < chain->writable) {
		uint64_t bytes = next(&device->vm->virtio->entropy);
		uint32_t size = *budget < sizeof(bytes) ? *budget : sizeof(bytes);
		size = virtqueue_write(&queue->queue, chain, queue->written, &bytes, size);
		queue->written += size;
		*budget -= size;
	}
	return true; /* the device may use less of a buffer than there is: 5.4.6.2 */
}

const struct virtio_kind virtio_entropy = {
	.name = "entropy",
	.id = VIRTIO_ID_ENTROPY,
	.irq = IRQ_VIRTIO_ENTROPY,
	.queues = 1,
	.budget = BUDGET,
	.attach = entropy_attach,
	.serve = entropy_serve,
};
