/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver of virtqueues.h. */
#include "virtqueues.h"

#define WAITS 2000000 /* far longer than any device takes */

struct device devices[DEVICES_MAX];
unsigned device_count;
struct rings rings[QUEUES_MAX];
volatile uint32_t interrupts;
uint32_t memory_end;
unsigned failures;

static uint32_t queue_size[QUEUES_MAX];

/* ---- finding ---- */

/* A number as C writes it. */
static uint32_t number(const char **at)
{
	uint32_t value = 0, base = 10;

	if ((*at)[0] == '0' && (*at)[1] == 'x') {
		base = 16;
		*at += 2;
	}
	for (;; (*at)++) {
		char c = **at;
		uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
				 : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
							: base;
		if (digit >= base)
			return value;
		value = value * base + digit;
	}
}

static bool starts_with(const char *text, const char *start)
{
	while (*start)
		if (*text++ != *start++)
			return false;
	return true;
}

void devices_find(const char *at)
{
	static const char key[] = "virtio_mmio.device=";

	for (; *at; at++) {
		if (!starts_with(at, key) || device_count == DEVICES_MAX)
			continue;
		at += sizeof(key) - 1;
		struct device *device = &devices[device_count];
		number(&at); /* its size */
		at++;
		device->registers = (volatile uint32_t *)number(&at);
		at++;
		device->irq = number(&at);
		device->id = register_read(device, VIRTIO_MMIO_DEVICE_ID);
		if (register_read(device, VIRTIO_MMIO_MAGIC) == VIRTIO_MAGIC &&
			register_read(device, VIRTIO_MMIO_VERSION) == VIRTIO_MMIO_CURRENT &&
			device->id != 0)
			device_count++;
	}
}

const struct device *device_of(uint32_t id)
{
	for (unsigned i = 0; i < device_count; i++)
		if (devices[i].id == id)
			return &devices[i];
	return NULL;
}

/* ---- registers ---- */

uint32_t register_read(const struct device *device, uint32_t offset)
{
	return device->registers[offset / 4];
}

void register_write(const struct device *device, uint32_t offset, uint32_t value)
{
	device->registers[offset / 4] = value;
}

void status_add(const struct device *device, uint32_t bit)
{
	register_write(device, VIRTIO_MMIO_STATUS, register_read(device, VIRTIO_MMIO_STATUS) | bit);
}

static void write_address(const struct device *device, uint32_t offset, const void *address)
{
	register_write(device, offset, (uint32_t)address);
	register_write(device, offset + 4, 0);
}

/* ---- starting ---- */

bool device_negotiate(const struct device *device, uint64_t features)
{
	features |= VIRTIO_FEATURE(VIRTIO_F_VERSION_1);
	register_write(device, VIRTIO_MMIO_STATUS, 0);
	status_add(device, VIRTIO_STATUS_ACKNOWLEDGE);
	status_add(device, VIRTIO_STATUS_DRIVER);
	register_write(device, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	register_write(device, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32));
	register_write(device, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	register_write(device, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)features);
	status_add(device, VIRTIO_STATUS_FEATURES_OK);
	return register_read(device, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_FEATURES_OK;
}

void queue_place(const struct device *device, unsigned queue, uint32_t size)
{
	queue_size[queue] = size;
	memset(&rings[queue], 0, sizeof(rings[queue]));
	register_write(device, VIRTIO_MMIO_QUEUE_SEL, queue);
	register_write(device, VIRTIO_MMIO_QUEUE_NUM, size);
	write_address(device, VIRTIO_MMIO_QUEUE_DESC_LOW, rings[queue].desc);
	write_address(device, VIRTIO_MMIO_QUEUE_DRIVER_LOW, rings[queue].avail);
	write_address(device, VIRTIO_MMIO_QUEUE_DEVICE_LOW, rings[queue].used);
}

void queue_set(const struct device *device, unsigned queue, uint32_t size)
{
	queue_place(device, queue, size);
	register_write(device, VIRTIO_MMIO_QUEUE_READY, 1);
}

bool device_start(const struct device *device, uint64_t features, unsigned queues)
{
	if (!device_negotiate(device, features))
		return false;
	for (unsigned queue = 0; queue < queues; queue++)
		queue_set(device, queue, QUEUE_SIZE);
	status_add(device, VIRTIO_STATUS_DRIVER_OK);
	interrupts = 0;
	return !(register_read(device, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
}

/* ---- queues ---- */

volatile struct virtq_avail *queue_avail(unsigned queue)
{
	return (volatile struct virtq_avail *)rings[queue].avail;
}

volatile struct virtq_used *queue_used(unsigned queue)
{
	return (volatile struct virtq_used *)rings[queue].used;
}

void desc_set(unsigned queue, unsigned n, const volatile void *data, uint32_t length,
	uint16_t flags, int next)
{
	rings[queue].desc[n] = (struct virtq_desc){
		.addr = (uint32_t)data,
		.len = length,
		.flags = (uint16_t)(flags | (next < 0 ? 0 : VIRTQ_DESC_F_NEXT)),
		.next = (uint16_t)(next < 0 ? 0 : next),
	};
}

void queue_offer(unsigned queue, uint16_t head)
{
	volatile struct virtq_avail *avail = queue_avail(queue);

	avail->ring[avail->idx % queue_size[queue]] = head;
	__asm__ volatile("" : : : "memory");
	avail->idx++;
}

void queue_notify(const struct device *device, unsigned queue)
{
	register_write(device, VIRTIO_MMIO_QUEUE_NOTIFY, queue);
}

bool queue_wait(unsigned queue, uint16_t count)
{
	for (uint32_t i = 0; i < WAITS; i++)
		if (queue_used(queue)->idx == count)
			return true;
	return false;
}

/* ---- checks ---- */

void check(bool good, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	text_format(text, sizeof(text), format, arguments);
	va_end(arguments);
	console_printf("%s %s\n", good ? "good:" : "BAD: ", text);
	failures += !good;
}
