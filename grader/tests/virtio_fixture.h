/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver for the tests of virtio devices: it does what Linux's virtio_mmio.c does, register by
 * register and in that order, and then lays descriptors as a test wants them.
 */
#ifndef VIRTIO_FIXTURE_H
#define VIRTIO_FIXTURE_H

#include "guest.h"
#include "paravirt.h"
#include "virtio_devices.h"

#include <check.h>
#include <stdlib.h>

#define SIZE        16u      /* descriptors of a queue */
#define RINGS_AT    0x15000u /* of queue 0; those of queue 1 are RINGS_BYTES further */
#define RINGS_BYTES 0x800u
#define BUFFER_AT   0x17000u
#define NOTHING     0 /* no feature but VIRTIO_F_VERSION_1 */

static struct virtio_device *device;
static uint16_t offered[2]; /* chains put into each queue */

/* ---- registers ---- */

static uint32_t get(uint32_t offset)
{
	return bus_read_memory(vm, gpa(device->base.raw + offset), 4);
}

static void put(uint32_t offset, uint32_t value)
{
	bus_write_memory(vm, gpa(device->base.raw + offset), 4, value);
}

/* ---- the interrupt controllers ---- */

#define VECTOR_BASE 0x40

static void lines_prepare(void)
{
	static const uint8_t words[] = {0x11, VECTOR_BASE, 4, 1},
			     slave[] = {0x11, VECTOR_BASE + 8, 2, 1};

	for (unsigned i = 0; i < 4; i++) {
		bus_write(vm, i ? 0x21 : 0x20, 1, words[i]);
		bus_write(vm, i ? 0xa1 : 0xa0, 1, slave[i]);
	}
	bus_write(vm, 0x21, 1, 0xda); /* the slave and IRQ 5 */
	bus_write(vm, 0xa1, 1, 0xf1); /* IRQ 9, 10, 11 */
}

/* The IRQ that the 8259s ask for, which is taken and ended; -1: none. */
static int irq_taken(void)
{
	if (!vm->interrupt_pending)
		return -1;
	int irq = vpic_acknowledge(&vm->vpic) - VECTOR_BASE;
	if (irq >= 8)
		bus_write(vm, 0xa0, 1, 0x20);
	bus_write(vm, 0x20, 1, 0x20);
	return irq;
}

/* What a driver's handler does: the events. */
static inline uint32_t interrupt_handled(void)
{
	ck_assert_int_eq(irq_taken(), (int)device->kind->irq);
	uint32_t events = get(VIRTIO_MMIO_INTERRUPT_STATUS);
	put(VIRTIO_MMIO_INTERRUPT_ACK, events);
	return events;
}

/* ---- the order of Linux ---- */

static void begin_with(const char *command_line, enum virtio_place place)
{
	guest_make();
	vm->command_line = command_line;
	ck_assert_ptr_null(virtio_attach(vm));
	device = &vm->virtio->device[place];
	lines_prepare();
}

static void begin(enum virtio_place place)
{
	begin_with("guest virtio entropy=7", place);
}

static void status_add(uint32_t bit)
{
	put(VIRTIO_MMIO_STATUS, get(VIRTIO_MMIO_STATUS) | bit);
}

/* Up to FEATURES_OK; false where the device does not keep it. */
static bool negotiate(uint64_t features)
{
	features |= VIRTIO_FEATURE(VIRTIO_F_VERSION_1);
	ck_assert_uint_eq(get(VIRTIO_MMIO_MAGIC), VIRTIO_MAGIC);
	ck_assert_uint_eq(get(VIRTIO_MMIO_VERSION), 2);
	ck_assert_uint_eq(get(VIRTIO_MMIO_DEVICE_ID), device->kind->id);
	ck_assert_uint_eq(get(VIRTIO_MMIO_VENDOR_ID), VIRTIO_VENDOR);
	put(VIRTIO_MMIO_STATUS, 0);
	ck_assert_uint_eq(get(VIRTIO_MMIO_STATUS), 0);
	status_add(VIRTIO_STATUS_ACKNOWLEDGE);
	status_add(VIRTIO_STATUS_DRIVER);
	put(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	put(VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32));
	put(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	put(VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)features);
	status_add(VIRTIO_STATUS_FEATURES_OK);
	return get(VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_FEATURES_OK;
}

static uint32_t rings_at(unsigned queue)
{
	return RINGS_AT + queue * RINGS_BYTES;
}

static uint32_t avail_at(unsigned queue)
{
	return rings_at(queue) + 0x400;
}

static uint32_t used_at(unsigned queue)
{
	return rings_at(queue) + 0x500;
}

static void queue_place(unsigned queue, uint32_t size)
{
	static const uint8_t zeros[RINGS_BYTES];

	host_guest_write(vm, rings_at(queue), zeros, sizeof(zeros));
	offered[queue] = 0;
	put(VIRTIO_MMIO_QUEUE_SEL, queue);
	ck_assert_uint_eq(get(VIRTIO_MMIO_QUEUE_READY), 0);
	ck_assert_uint_eq(get(VIRTIO_MMIO_QUEUE_NUM_MAX), VIRTQUEUE_SIZE_MAX);
	put(VIRTIO_MMIO_QUEUE_NUM, size);
	put(VIRTIO_MMIO_QUEUE_DESC_LOW, rings_at(queue));
	put(VIRTIO_MMIO_QUEUE_DESC_HIGH, 0);
	put(VIRTIO_MMIO_QUEUE_DRIVER_LOW, avail_at(queue));
	put(VIRTIO_MMIO_QUEUE_DRIVER_HIGH, 0);
	put(VIRTIO_MMIO_QUEUE_DEVICE_LOW, used_at(queue));
	put(VIRTIO_MMIO_QUEUE_DEVICE_HIGH, 0);
}

static void queue_set(unsigned queue)
{
	queue_place(queue, SIZE);
	put(VIRTIO_MMIO_QUEUE_READY, 1);
	ck_assert_uint_eq(get(VIRTIO_MMIO_QUEUE_READY), 1);
}

static inline void start(uint64_t features)
{
	ck_assert_msg(negotiate(features), "%s", host.log);
	for (unsigned queue = 0; queue < device->kind->queues; queue++)
		queue_set(queue);
	status_add(VIRTIO_STATUS_DRIVER_OK);
	ck_assert_uint_eq(get(VIRTIO_MMIO_STATUS), 15);
}

/* ---- queues ---- */

static inline void desc(
	unsigned queue, unsigned n, uint64_t address, uint32_t length, uint16_t flags)
{
	const struct virtq_desc value = {address, length, flags, (uint16_t)(n + 1)};

	host_guest_write(vm, rings_at(queue) + n * sizeof(value), &value, sizeof(value));
}

static uint16_t guest_read16(uint32_t address)
{
	return (uint16_t)guest_read32(address);
}

static inline void offer(unsigned queue, uint16_t head)
{
	guest_write16(avail_at(queue) + 4 + 2 * (offered[queue]++ % SIZE), head);
	guest_write16(avail_at(queue) + 2, offered[queue]);
}

static inline void notify(unsigned queue)
{
	put(VIRTIO_MMIO_QUEUE_NOTIFY, queue);
}

static uint16_t given(unsigned queue)
{
	return guest_read16(used_at(queue) + 2);
}

/* Length of the element n of the used ring. */
static inline uint32_t written(unsigned queue, unsigned n)
{
	return guest_read32(used_at(queue) + 4 + 8 * (n % SIZE) + 4);
}

/* Time passes for a device that has something left to do. */
static inline bool goes_on(void)
{
	uint64_t deadline = virtio_deadline(vm);

	if (deadline == CLOCK_NEVER)
		return false;
	host.now = deadline;
	devices_advance(vm, host.now);
	return true;
}

/* ---- refusals ---- */

/* The device needs a reset, and the log names the section. */
static inline bool is_refused(const char *section)
{
	return get(VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET && strstr(host.log, section);
}

#define REFUSED(section)                                                                           \
	ck_assert_msg(is_refused(section), "not refused by %s; status %x, log: %s", section,       \
		get(VIRTIO_MMIO_STATUS), host.log)

#define NOT_REFUSED()                                                                              \
	ck_assert_msg(!(get(VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET), "%s", host.log)

#endif
