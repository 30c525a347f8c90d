/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console device (VIRTIO 1.2, 5.3), with one port. What the guest sends goes where its COM1's
 * bytes go, and what arrives for its serial line arrives here as well.
 *
 * A byte takes its time on a real line (87 us at 115200 baud), and the monitor waits for it. So an
 * exit sends no more than BUDGET of them.
 */
#include "machine.h"
#include "paravirt.h"
#include "strings.h"
#include "virtio_devices.h"

#define BUDGET  128
#define COLUMNS 80
#define ROWS    25

static bool console_attach(struct virtio_device *device)
{
	const struct virtio_console_config config = {
		.cols = COLUMNS,
		.rows = ROWS,
		.max_nr_ports = 1,
	};

	memcpy(device->config, &config, sizeof(config));
	return true;
}

/* One character, also before there is a driver: 5.3.4. */
static void console_configure(struct virtio_device *device, uint32_t offset, uint32_t value)
{
	if (offset == offsetof(struct virtio_console_config, emerg_wr))
		serial_put((uint8_t)value);
	else
		virtio_refuse(device, "5.3.4", "what cannot be written is written");
}

static bool console_wants(const struct virtio_device *device, unsigned queue)
{
	return queue == VIRTIO_SEND || device->vm->virtio->console.count;
}

static bool console_send(const struct virtio_queue *queue, uint32_t *done, uint32_t *budget)
{
	uint8_t bytes[64];
	uint32_t size;

	while (*budget) {
		size = *budget < sizeof(bytes) ? *budget : sizeof(bytes);
		size = virtqueue_read(&queue->queue, &queue->chain, *done, bytes, size);
		for (uint32_t i = 0; i < size; i++)
			serial_put(bytes[i]);
		*budget -= size;
		*done += size;
		if (*done == queue->chain.readable)
			return true;
	}
	return false;
}

/* As much as there is, and no more: the guest shall not wait for the rest of a full buffer. */
static void console_receive(struct virtio_console *console, struct virtio_queue *queue)
{
	while (console->count && queue->written < queue->chain.writable) {
		virtqueue_write(&queue->queue, &queue->chain, queue->written++,
			&console->waiting[console->first], 1);
		console->first = (console->first + 1) % CONSOLE_WAITING;
		console->count--;
	}
}

static bool console_serve(
	struct virtio_device *device, struct virtio_queue *queue, uint32_t *budget)
{
	if (queue->queue.number == VIRTIO_SEND)
		return console_send(queue, &queue->done, budget);
	console_receive(&device->vm->virtio->console, queue);
	return true;
}

void virtio_serial_input(struct vm *vm, uint8_t byte)
{
	struct virtio *virtio = vm->virtio;

	if (!virtio)
		return;
	struct virtio_console *console = &virtio->console;
	struct virtio_device *device = &virtio->device[VIRTIO_CONSOLE];
	if (!virtio_is_live(device) || console->count == CONSOLE_WAITING)
		return;
	console->waiting[(console->first + console->count++) % CONSOLE_WAITING] = byte;
	virtio_work(device, VIRTIO_RECEIVE);
}

const struct virtio_kind virtio_console = {
	.name = "console",
	.id = VIRTIO_ID_CONSOLE,
	.irq = IRQ_VIRTIO_CONSOLE,
	.queues = 2,
	.features = VIRTIO_FEATURE(VIRTIO_CONSOLE_F_SIZE) |
		    VIRTIO_FEATURE(VIRTIO_CONSOLE_F_EMERG_WRITE),
	.budget = BUDGET,
	.attach = console_attach,
	.wants = console_wants,
	.serve = console_serve,
	.configure = console_configure,
};
