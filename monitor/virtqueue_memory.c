/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What virtqueue.c asks of the monitor: the guest's memory, checked, and a way to refuse. The way
 * of data between a chain and a device.
 *
 * Invariant: nothing here touches a byte that is not the guest's, whatever the arguments: vm_read()
 * and vm_write() translate each page. And whoever has made something out of the guest's memory (its
 * page tables, descriptor tables, code) is told when a device has written there, as when the guest
 * itself has.
 */
#include <stdarg.h>

#include "machine.h"
#include "strings.h"
#include "virtio_devices.h"

void virtqueue_load(const struct virtqueue *queue, gpa_t from, void *to, uint32_t size)
{
	uint32_t done = vm_read(queue->vm, from, to, size);

	memset((uint8_t *)to + done, 0, size - done);
}

void virtqueue_store(const struct virtqueue *queue, gpa_t to, const void *from, uint32_t size)
{
	struct vm *vm = queue->vm;
	uint32_t written = vm_write(vm, to, from, size);

	for (uint32_t done = 0, part; done < written; done += part) {
		gpa_t at = gpa(to.raw + done);
		part = PAGE_SIZE - at.raw % PAGE_SIZE;
		if (part > written - done)
			part = written - done;
		if (vm->frames[at.raw / PAGE_SIZE].raw & PAGE_MASK)
			traced_written(&vm->vcpu, at, part);
	}
}

/* A guest has all the memory from 0 up to its size. */
bool virtqueue_has_memory(const struct virtqueue *queue, uint64_t address, uint32_t size)
{
	uint32_t limit = queue->vm->memory_size;

	return address <= limit && size <= limit - address;
}

void virtqueue_refuse(struct virtqueue *queue, const char *section, const char *format, ...)
{
	struct virtio *virtio = queue->vm->virtio;
	char text[160];
	va_list arguments;
	size_t start;

	queue->refused = true;
	text_printf(text, sizeof(text), "queue %u: ", queue->number);
	start = strlen(text);
	va_start(arguments, format);
	text_format(text + start, sizeof(text) - start, format, arguments);
	va_end(arguments);
	for (unsigned i = 0; i < VIRTIO_DEVICES; i++)
		if (&virtio->device[i].queue[queue->number].queue == queue)
			virtio_refuse(&virtio->device[i], section, text);
}

/* ---- data ---- */

/*
 * Copies between a buffer and bytes of the segments from `first` to before `end`, from byte
 * `offset` of them on.
 */
static uint32_t chain_copy(const struct virtqueue *queue, const struct virtqueue_segment *first,
	const struct virtqueue_segment *end, uint32_t offset, uint8_t *buffer, uint32_t size,
	enum direction direction)
{
	uint32_t done = 0;

	for (; first < end && done < size; first++) {
		if (offset >= first->length) {
			offset -= first->length;
			continue;
		}
		gpa_t at = gpa(first->address.raw + offset);
		uint32_t part = first->length - offset;
		if (part > size - done)
			part = size - done;
		if (direction == FROM_GUEST)
			virtqueue_load(queue, at, buffer + done, part);
		else
			virtqueue_store(queue, at, buffer + done, part);
		done += part;
		offset = 0;
	}
	return done;
}

uint32_t virtqueue_read(const struct virtqueue *queue, const struct virtqueue_chain *chain,
	uint32_t offset, void *to, uint32_t size)
{
	const struct virtqueue_segment *first = chain->segment;

	return chain_copy(
		queue, first, first + chain->readable_count, offset, to, size, FROM_GUEST);
}

uint32_t virtqueue_write(const struct virtqueue *queue, const struct virtqueue_chain *chain,
	uint32_t offset, const void *from, uint32_t size)
{
	const struct virtqueue_segment *first = chain->segment;

	return chain_copy(queue, first + chain->readable_count, first + chain->count, offset,
		(uint8_t *)(uintptr_t)from, size, TO_GUEST);
}
