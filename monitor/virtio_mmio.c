/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transport of virtio devices: registers in the guest's memory (VIRTIO 1.2, 4.2), behind which
 * lie the status (2.1), the negotiation of features (2.2, 3.1) and the queues (2.6).
 *
 * Whoever follows the specification never meets virtio_refuse(). Whoever does not, stands before a
 * device that needs a reset; the reset is always to be had.
 *
 * Invariants. After every access the line has been told what interrupt_status says. A queue that is
 * ready has its three tables, aligned, in the guest's memory; and features were negotiated before.
 * All the rest that the driver writes is kept as it is, until a queue becomes ready.
 */
#include "machine.h"
#include "strings.h"
#include "virtio_devices.h"

#define INTERRUPT_EVENTS (VIRTIO_INTERRUPT_USED | VIRTIO_INTERRUPT_CONFIG)

/* ---- the interrupt and what is wrong ---- */

/* The 8259 takes an edge: where an event is left when the driver has acknowledged others, the line
 * must have been down. */
static void update_line(struct virtio_device *device)
{
	vm_irq(device->vm, device->kind->irq, false);
	if (device->interrupt_status)
		vm_irq(device->vm, device->kind->irq, true);
}

void virtio_interrupt(struct virtio_device *device, uint32_t event)
{
	if (device->interrupt_status & event)
		return;
	device->interrupt_status |= event;
	update_line(device);
}

void virtio_report(struct virtio_device *device, const char *section, const char *text)
{
	unsigned reports = ++device->vm->virtio->reports;

	if (reports > VIRTIO_REPORTS)
		return;
	log_printf("%s: virtio %s: %s (VIRTIO 1.2, %s)%s\n", device->vm->name, device->kind->name,
		text, section, reports < VIRTIO_REPORTS ? "" : "; the log says no more of these");
}

void virtio_refuse(struct virtio_device *device, const char *section, const char *text)
{
	if (device->status & VIRTIO_STATUS_NEEDS_RESET)
		return;
	virtio_report(device, section, text);
	device->status |= VIRTIO_STATUS_NEEDS_RESET;
	if (device->status & VIRTIO_STATUS_DRIVER_OK)
		virtio_interrupt(device, VIRTIO_INTERRUPT_CONFIG);
}

/* ---- queues ---- */

/* The one that QueueSel selects; NULL: there is none. */
static struct virtio_queue *selected(struct virtio_device *device)
{
	if (device->queue_select >= device->kind->queues)
		return NULL;
	return &device->queue[device->queue_select];
}

/* It is given up with all that is in it; what the driver has written to the registers stays. */
static void queue_stop(struct virtio_device *device, unsigned number)
{
	struct virtio_queue *queue = &device->queue[number];

	queue->busy = queue->left = false;
	queue->queue = (struct virtqueue){
		.vm = device->vm,
		.device = device->kind->name,
		.number = number,
	};
}

/* One of the tables: what is wrong with its place, or NULL. */
static const char *table_check(const struct virtqueue *queue, const char **section,
	uint64_t address, uint32_t bytes, uint32_t alignment)
{
	*section = "2.7.1";
	if (address % alignment)
		return "a table of the queue is not aligned";
	*section = "2.7";
	if (!virtqueue_has_memory(queue, address, bytes))
		return "a table of the queue is not all in memory";
	return NULL;
}

static const char *queue_check(
	const struct virtio_device *device, const struct virtio_queue *queue, const char **section)
{
	uint32_t size = queue->size;
	const char *problem;

	*section = "3.1.1";
	if (!(device->status & VIRTIO_STATUS_FEATURES_OK))
		return "a queue becomes ready before FEATURES_OK";
	*section = "4.2.3.2";
	if (queue->queue.ready)
		return "a queue becomes ready that is ready";
	*section = "2.7";
	if (size == 0 || size & (size - 1))
		return "the size of a queue is no power of 2";
	*section = "4.2.2.2";
	if (size > VIRTQUEUE_SIZE_MAX)
		return "the size of a queue is more than QueueNumMax";
	problem = table_check(&queue->queue, section, queue->desc, VIRTQ_DESC_BYTES(size), 16);
	if (!problem)
		problem = table_check(
			&queue->queue, section, queue->avail, VIRTQ_AVAIL_BYTES(size), 2);
	if (!problem)
		problem =
			table_check(&queue->queue, section, queue->used, VIRTQ_USED_BYTES(size), 4);
	return problem;
}

static void queue_start(struct virtio_device *device, struct virtio_queue *queue)
{
	const char *section, *problem = queue_check(device, queue, &section);

	if (problem) {
		virtio_refuse(device, section, problem);
		return;
	}
	queue->queue.ready = true;
	queue->queue.size = queue->size;
	queue->queue.desc = gpa((uint32_t)queue->desc);
	queue->queue.avail = gpa((uint32_t)queue->avail);
	queue->queue.used_ring = gpa((uint32_t)queue->used);
	queue->queue.event_index = virtio_has(device, VIRTIO_F_EVENT_IDX);
	queue->queue.indirect = virtio_has(device, VIRTIO_F_INDIRECT_DESC);
}

static void write_ready(struct virtio_device *device, struct virtio_queue *queue, uint32_t value)
{
	if (value & 1)
		queue_start(device, queue);
	else
		queue_stop(device, device->queue_select);
}

static void write_queue_reset(struct virtio_device *device, uint32_t value)
{
	if (!virtio_has(device, VIRTIO_F_RING_RESET))
		virtio_refuse(device, "2.6.1", "a queue is reset, which was not negotiated");
	else if (value & 1) /* it is done at once: QueueReset is never seen as 1 */
		queue_stop(device, device->queue_select);
}

static void set_half(uint64_t *value, bool high, uint32_t half)
{
	unsigned shift = high ? 32 : 0;

	*value = (*value & ~((uint64_t)0xffffffff << shift)) | (uint64_t)half << shift;
}

static void write_queue(struct virtio_device *device, uint32_t offset, uint32_t value)
{
	struct virtio_queue *queue = selected(device);

	if (!queue) {
		virtio_refuse(device, "4.2.3.2", "QueueSel selects a queue that is not there");
		return;
	}
	if (offset == VIRTIO_MMIO_QUEUE_READY) {
		write_ready(device, queue, value);
		return;
	}
	if (offset == VIRTIO_MMIO_QUEUE_RESET) {
		write_queue_reset(device, value);
		return;
	}
	if (queue->queue.ready) {
		virtio_refuse(device, "4.2.2.2", "a queue is changed while it is ready");
		return;
	}
	switch (offset) {
	case VIRTIO_MMIO_QUEUE_NUM:
		queue->size = value;
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		set_half(&queue->desc, offset == VIRTIO_MMIO_QUEUE_DESC_HIGH, value);
		break;
	case VIRTIO_MMIO_QUEUE_DRIVER_LOW:
	case VIRTIO_MMIO_QUEUE_DRIVER_HIGH:
		set_half(&queue->avail, offset == VIRTIO_MMIO_QUEUE_DRIVER_HIGH, value);
		break;
	case VIRTIO_MMIO_QUEUE_DEVICE_LOW:
	case VIRTIO_MMIO_QUEUE_DEVICE_HIGH:
		set_half(&queue->used, offset == VIRTIO_MMIO_QUEUE_DEVICE_HIGH, value);
		break;
	}
}

/* Drivers there are that tell of a queue a little too early: they are looked at when the device
 * goes (2.1.2). */
static void write_notify(struct virtio_device *device, uint32_t value)
{
	if (value >= device->kind->queues)
		virtio_refuse(device, "4.2.2", "it is told of a queue that is not there");
	else if (!(device->status & VIRTIO_STATUS_DRIVER_OK))
		virtio_report(device, "3.1.1", "it is told of a queue before DRIVER_OK, and waits");
	else
		virtio_work(device, value);
}

/* ---- status ---- */

static uint64_t features_offered(const struct virtio_device *device)
{
	return VIRTIO_FEATURES | device->kind->features;
}

static void device_reset(struct virtio_device *device)
{
	device->status = 0;
	device->accepted = 0;
	device->device_features_select = device->driver_features_select = 0;
	device->queue_select = 0;
	device->deadline = CLOCK_NEVER;
	device->interrupt_status = 0;
	update_line(device);
	for (unsigned number = 0; number < device->kind->queues; number++) {
		struct virtio_queue *queue = &device->queue[number];
		queue_stop(device, number);
		queue->size = 0;
		queue->desc = queue->avail = queue->used = 0;
	}
}

/* FEATURES_OK stays only where the device can work with what the driver has accepted (2.2.2). */
static bool features_are_good(struct virtio_device *device)
{
	if (device->accepted & ~features_offered(device)) {
		virtio_report(device, "2.2.1", "features are accepted that were not offered");
		return false;
	}
	if (!virtio_has(device, VIRTIO_F_VERSION_1)) {
		virtio_report(device, "6.1", "VIRTIO_F_VERSION_1 is not accepted");
		return false;
	}
	return true;
}

static void write_status(struct virtio_device *device, uint32_t value)
{
	uint32_t set = value & ~device->status & 0xff;

	if (value == 0) {
		device_reset(device);
		return;
	}
	if (device->status & ~value) {
		virtio_refuse(device, "2.1.1", "a bit of the status is cleared");
		return;
	}
	if (set & VIRTIO_STATUS_FEATURES_OK && !features_are_good(device))
		set &= ~(uint32_t)VIRTIO_STATUS_FEATURES_OK;
	device->status |= set & ~(uint32_t)VIRTIO_STATUS_NEEDS_RESET;
	if (!(set & VIRTIO_STATUS_DRIVER_OK))
		return;
	if (!(device->status & VIRTIO_STATUS_FEATURES_OK)) {
		device->status &= ~(uint32_t)VIRTIO_STATUS_DRIVER_OK;
		virtio_refuse(device, "3.1.1", "DRIVER_OK comes before FEATURES_OK");
		return;
	}
	for (unsigned number = 0; number < device->kind->queues; number++)
		virtio_work(device, number);
}

static void write_features(struct virtio_device *device, uint32_t value)
{
	if (device->status & VIRTIO_STATUS_FEATURES_OK)
		virtio_refuse(device, "3.1.1", "features are accepted after FEATURES_OK");
	else if (device->driver_features_select < 2)
		set_half(&device->accepted, device->driver_features_select, value);
	else if (value)
		virtio_refuse(device, "2.2.1", "features are accepted that were not offered");
}

static void write_acknowledge(struct virtio_device *device, uint32_t value)
{
	if (value & ~(uint32_t)INTERRUPT_EVENTS) {
		virtio_refuse(device, "4.2.2.2", "an event is acknowledged that there is not");
		return;
	}
	device->interrupt_status &= ~value;
	update_line(device);
}

/* ---- registers ---- */

static void write_register(struct virtio_device *device, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		device->device_features_select = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		write_features(device, value);
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		device->driver_features_select = value;
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		device->queue_select = value;
		break;
	case VIRTIO_MMIO_QUEUE_NOTIFY:
		write_notify(device, value);
		break;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		write_acknowledge(device, value);
		break;
	case VIRTIO_MMIO_STATUS:
		write_status(device, value);
		break;
	case VIRTIO_MMIO_SHM_SEL:
		break; /* there is no shared memory: whichever, it has no length */
	case VIRTIO_MMIO_QUEUE_NUM:
	case VIRTIO_MMIO_QUEUE_READY:
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
	case VIRTIO_MMIO_QUEUE_DRIVER_LOW:
	case VIRTIO_MMIO_QUEUE_DRIVER_HIGH:
	case VIRTIO_MMIO_QUEUE_DEVICE_LOW:
	case VIRTIO_MMIO_QUEUE_DEVICE_HIGH:
	case VIRTIO_MMIO_QUEUE_RESET:
		write_queue(device, offset, value);
		break;
	default:
		virtio_refuse(device, "4.2.2.2", "what cannot be written is written");
	}
}

/* ConfigGeneration is always the same: no configuration here ever changes. */
static uint32_t read_register(struct virtio_device *device, uint32_t offset)
{
	const struct virtio_queue *queue = selected(device);
	uint32_t select = device->device_features_select;

	switch (offset) {
	case VIRTIO_MMIO_MAGIC:
		return VIRTIO_MAGIC;
	case VIRTIO_MMIO_VERSION:
		return VIRTIO_MMIO_CURRENT;
	case VIRTIO_MMIO_DEVICE_ID:
		return device->kind->id;
	case VIRTIO_MMIO_VENDOR_ID:
		return VIRTIO_VENDOR;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return select < 2 ? (uint32_t)(features_offered(device) >> 32 * select) : 0;
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return queue ? VIRTQUEUE_SIZE_MAX : 0;
	case VIRTIO_MMIO_QUEUE_READY:
		return queue && queue->queue.ready;
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		return device->interrupt_status;
	case VIRTIO_MMIO_STATUS:
		return device->status;
	case VIRTIO_MMIO_SHM_LEN_LOW:
	case VIRTIO_MMIO_SHM_LEN_LOW + 4:
	case VIRTIO_MMIO_SHM_BASE_HIGH - 4:
	case VIRTIO_MMIO_SHM_BASE_HIGH:
		return 0xffffffff;
	case VIRTIO_MMIO_QUEUE_RESET:
	case VIRTIO_MMIO_CONFIG_GENERATION:
		return 0;
	default:
		virtio_refuse(device, "4.2.2.2", "what cannot be read is read");
		return 0;
	}
}

/* ---- accesses ---- */

static struct virtio_device *device_at(struct vm *vm, gpa_t address)
{
	return &vm->virtio->device[(address.raw - VIRTIO_BASE) / VIRTIO_STRIDE];
}

static bool width_is_good(struct virtio_device *device, unsigned size)
{
	if (size != 4)
		virtio_refuse(device, "4.2.2.2", "a register is accessed in less than 32 bits");
	return size == 4;
}

/* The configuration space (4.2.2): any part of it. Behind the device's own fields it is 0. */
static uint32_t mmio_read(struct vm *vm, gpa_t address, unsigned size)
{
	struct virtio_device *device = device_at(vm, address);
	uint32_t offset = address.raw - device->base.raw, value = 0;

	if (offset < VIRTIO_MMIO_CONFIG)
		return width_is_good(device, size) ? read_register(device, offset) : 0;
	offset -= VIRTIO_MMIO_CONFIG;
	if (offset + size <= sizeof(device->config))
		memcpy(&value, device->config + offset, size);
	return value;
}

static void mmio_write(struct vm *vm, gpa_t address, unsigned size, uint32_t value)
{
	struct virtio_device *device = device_at(vm, address);
	uint32_t offset = address.raw - device->base.raw;

	if (offset >= VIRTIO_MMIO_CONFIG && device->kind->configure)
		device->kind->configure(device, offset - VIRTIO_MMIO_CONFIG, value);
	else if (offset >= VIRTIO_MMIO_CONFIG)
		virtio_refuse(device, "4.2.2.2", "what cannot be written is written");
	else if (width_is_good(device, size))
		write_register(device, offset, value);
}

void virtio_mmio_attach(struct virtio_device *device)
{
	device_reset(device);
	bus_attach_memory(
		&device->vm->bus, (struct bus_memory){
					  .first = device->base,
					  .last = gpa(device->base.raw + VIRTIO_MMIO_SIZE - 1),
					  .read = mmio_read,
					  .write = mmio_write,
				  });
}
