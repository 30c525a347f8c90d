/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of a guest's virtio devices, and their work: chain after chain.
 *
 * Invariant: a pass over a queue ends, whatever the guest has put there, and even where a device
 * writes into the rings themselves: virtio_devices.h says when.
 */
#include "machine.h"
#include "paravirt.h"
#include "strings.h"
#include "virtio_devices.h"

static const struct virtio_kind *const kinds[VIRTIO_DEVICES] = {
	[VIRTIO_BLOCK] = &virtio_block,
	[VIRTIO_CONSOLE] = &virtio_console,
	[VIRTIO_ENTROPY] = &virtio_entropy,
	[VIRTIO_NET] = &virtio_net,
};

/* ---- work ---- */

static bool device_wants(const struct virtio_device *device, unsigned queue)
{
	return !device->kind->wants || device->kind->wants(device, queue);
}

/* True: something is left. */
static bool queue_pass(struct virtio_device *device, struct virtio_queue *queue)
{
	uint32_t budget = device->kind->budget;

	for (unsigned served = 0;; served++) {
		if (!virtio_is_live(device)) /* refused, or more than that */
			return false;
		if (!queue->busy && !device_wants(device, queue->queue.number))
			return false;
		if (!queue->busy && !virtqueue_take(&queue->queue, &queue->chain))
			return false;
		if (!queue->busy)
			queue->done = queue->written = 0;
		queue->busy = true;
		if (budget == 0 || served == VIRTQUEUE_SIZE_MAX ||
			!device->kind->serve(device, queue, &budget))
			return true;
		queue->busy = false;
		virtqueue_give(&queue->queue, queue->chain.head, queue->written);
	}
}

void virtio_work(struct virtio_device *device, unsigned number)
{
	struct virtio_queue *queue = &device->queue[number];

	if (!virtio_is_live(device) || !queue->queue.ready)
		return;
	bool left = queue_pass(device, queue);
	if (!virtio_is_live(device)) /* the driver was refused */
		return;
	if (virtqueue_must_tell(&queue->queue))
		virtio_interrupt(device, VIRTIO_INTERRUPT_USED);
	if (left != queue->left)
		virtqueue_want_notifications(&queue->queue, !left);
	queue->left = left;
	if (left) {
		device->deadline = clock_now() + VIRTIO_PAUSE;
		vm_deadline_changed(device->vm);
	}
}

uint64_t virtio_deadline(const struct vm *vm)
{
	uint64_t deadline = CLOCK_NEVER;

	for (unsigned i = 0; i < VIRTIO_DEVICES; i++)
		if (vm->virtio->device[i].deadline < deadline)
			deadline = vm->virtio->device[i].deadline;
	return deadline;
}

void virtio_advance(struct vm *vm, uint64_t now)
{
	for (unsigned i = 0; i < VIRTIO_DEVICES; i++) {
		struct virtio_device *device = &vm->virtio->device[i];
		if (now < device->deadline)
			continue;
		device->deadline = CLOCK_NEVER;
		for (unsigned queue = 0; queue < device->kind->queues; queue++)
			virtio_work(device, queue);
	}
}

/* ---- the table ---- */

/* The word itself, and no longer one that starts with it. */
static bool has_word(const char *command_line, const char *word)
{
	const char *at = option_find(command_line, word);

	while (at && *at != ' ' && *at != '\0')
		at = option_find(at, word);
	return at;
}

const char *virtio_attach(struct vm *vm)
{
	if (!has_word(vm->command_line, "virtio"))
		return NULL;
	vm->virtio = pages_allocate(sizeof(*vm->virtio));
	if (!vm->virtio)
		return "there is not enough memory left for its virtio devices";
	for (unsigned i = 0; i < VIRTIO_DEVICES; i++) {
		struct virtio_device *device = &vm->virtio->device[i];
		device->vm = vm;
		device->base = gpa(VIRTIO_BASE + i * VIRTIO_STRIDE);
		device->deadline = CLOCK_NEVER;
		device->kind = kinds[i];
		if (kinds[i]->attach(device))
			virtio_mmio_attach(device);
		else
			device->kind = NULL;
	}
	return NULL;
}

void virtio_detach(struct vm *vm)
{
	pages_free(vm->virtio, sizeof(*vm->virtio));
	vm->virtio = NULL;
}

void virtio_describe(const struct vm *vm, char *command_line, size_t size)
{
	char word[64];

	for (unsigned i = 0; vm->virtio && i < VIRTIO_DEVICES; i++) {
		const struct virtio_device *device = &vm->virtio->device[i];
		size_t length = strlen(command_line);
		if (!device->kind)
			continue;
		text_printf(word, sizeof(word), " virtio_mmio.device=0x%x@0x%08x:%u",
			VIRTIO_MMIO_SIZE, device->base.raw, device->kind->irq);
		if (length + strlen(word) < size)
			memcpy(command_line + length, word, strlen(word) + 1);
		else
			log_printf("%s: its command line has no room for%s\n", vm->name, word);
	}
}
