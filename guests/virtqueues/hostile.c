/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drivers that break the rules of virtqueues (VIRTIO 1.2, 2.7). Each ends with a device that needs
 * a reset, and works after it. The victim is the entropy device: it writes wherever it is told to.
 */
#include "virtqueues.h"

#define W VIRTQ_DESC_F_WRITE

static uint8_t buffer[256];
static struct virtq_desc table[4];

void check_refused(const struct device *device, const char *what)
{
	uint32_t status = register_read(device, VIRTIO_MMIO_STATUS);
	uint32_t told = register_read(device, VIRTIO_MMIO_INTERRUPT_STATUS);
	bool running = status & VIRTIO_STATUS_DRIVER_OK;
	bool refused = status & VIRTIO_STATUS_NEEDS_RESET &&
		       (!running || told & VIRTIO_INTERRUPT_CONFIG || interrupts);
	bool works = device_start(device, NOT_FEATURES, 1);

	if (device->id == VIRTIO_ID_ENTROPY && works) {
		desc_set(0, 0, buffer, sizeof(buffer), W, -1);
		queue_offer(0, 0);
		queue_notify(device, 0);
		works = queue_wait(0, 1);
	}
	check(refused && works, "hostile: %s%s%s", what, refused ? "" : ": not refused",
		works ? "" : ": does not work after a reset");
}

static void desc_at(uint64_t address, uint32_t length, uint16_t flags, int next)
{
	desc_set(0, 0, NULL, length, flags, next);
	rings[0].desc[0].addr = address;
}

/* ---- chains: what each lays out begins at descriptor 0 ---- */

static void loop_of_one(void)
{
	desc_set(0, 0, buffer, 16, W, 0);
}

static void loop_of_all(void)
{
	for (int i = 0; i < QUEUE_SIZE; i++)
		desc_set(0, (unsigned)i, buffer, 16, W, (i + 1) % QUEUE_SIZE);
}

static void loop_of_nothing(void)
{
	desc_set(0, 0, buffer, 0, W, 0);
}

static void next_outside(void)
{
	desc_set(0, 0, buffer, 16, W, QUEUE_SIZE);
}

static void next_far_outside(void)
{
	desc_set(0, 0, buffer, 16, W, 0xffff);
}

static void behind_memory(void)
{
	desc_at(memory_end, 1, W, -1);
}

static void across_the_end(void)
{
	desc_at(memory_end - 1, 2, W, -1);
}

static void wraps_at_2_64(void)
{
	desc_at(UINT64_MAX, 2, W, -1);
}

static void wraps_at_2_32(void)
{
	desc_at(0xffffffff, 2, W, -1);
}

static void at_4_gib(void)
{
	desc_at(UINT64_C(0x100000000), 16, W, -1);
}

static void too_long(void)
{
	desc_at((uint32_t)buffer, 0xffffffff, W, -1);
}

static void into_the_monitor(void)
{
	desc_at(0xf0100000, 4096, W, -1);
}

static void into_a_device(void)
{
	desc_at(0xd0000000, 4, W, -1);
}

static void write_before_read(void)
{
	desc_set(0, 0, buffer, 16, W, 1);
	desc_set(0, 1, buffer, 16, 0, -1);
}

static void indirect_not_negotiated(void)
{
	desc_set(0, 0, table, 16, VIRTQ_DESC_F_INDIRECT, -1);
}

static void indirect_and_next(void)
{
	desc_set(0, 0, table, 16, VIRTQ_DESC_F_INDIRECT, 1);
}

static void indirect_empty(void)
{
	desc_set(0, 0, table, 0, VIRTQ_DESC_F_INDIRECT, -1);
}

static void indirect_odd(void)
{
	desc_set(0, 0, table, 24, VIRTQ_DESC_F_INDIRECT, -1);
}

static void indirect_outside(void)
{
	desc_at(memory_end - 16, 32, VIRTQ_DESC_F_INDIRECT, -1);
}

static void indirect_huge(void)
{
	desc_at(0, 0xfffffff0, VIRTQ_DESC_F_INDIRECT, -1);
}

static void indirect_twice(void)
{
	desc_set(0, 0, table, sizeof(table), VIRTQ_DESC_F_INDIRECT, -1);
	table[0] = rings[0].desc[0];
}

static void indirect_loop(void)
{
	desc_set(0, 1, buffer, 1, W, 0);
	table[0] = rings[0].desc[1];
	desc_set(0, 0, table, sizeof(table), VIRTQ_DESC_F_INDIRECT, -1);
}

static void indirect_next_outside(void)
{
	desc_set(0, 1, buffer, 1, W, 4);
	table[0] = rings[0].desc[1];
	desc_set(0, 0, table, sizeof(table), VIRTQ_DESC_F_INDIRECT, -1);
}

static const struct {
	const char *what;
	void (*lay)(void);
	bool indirect;
} chains[] = {
	{"a descriptor that leads to itself", loop_of_one, false},
	{"a loop of all descriptors", loop_of_all, false},
	{"a loop of empty descriptors", loop_of_nothing, false},
	{"the next descriptor is not there", next_outside, false},
	{"the next descriptor is 65535", next_far_outside, false},
	{"a byte behind memory", behind_memory, false},
	{"two bytes across the end of memory", across_the_end, false},
	{"two bytes from 2^64 - 1 on", wraps_at_2_64, false},
	{"two bytes from 2^32 - 1 on", wraps_at_2_32, false},
	{"bytes at 2^32", at_4_gib, false},
	{"2^32 - 1 bytes", too_long, false},
	{"the monitor's memory", into_the_monitor, false},
	{"a device's memory", into_a_device, false},
	{"reading behind writing", write_before_read, false},
	{"an indirect table, not negotiated", indirect_not_negotiated, false},
	{"an indirect table and NEXT", indirect_and_next, true},
	{"an empty indirect table", indirect_empty, true},
	{"an indirect table of 24 bytes", indirect_odd, true},
	{"an indirect table across the end of memory", indirect_outside, true},
	{"an indirect table of 4 GiB", indirect_huge, true},
	{"an indirect table in an indirect table", indirect_twice, true},
	{"a loop in an indirect table", indirect_loop, true},
	{"a descriptor behind an indirect table", indirect_next_outside, true},
};

/* ---- rings ---- */

static void ring_try(const struct device *device, uint16_t head, uint16_t index, const char *what)
{
	device_start(device, NOT_FEATURES, 1);
	desc_set(0, 0, buffer, 16, W, -1);
	queue_avail(0)->ring[0] = head;
	queue_avail(0)->idx = index;
	queue_notify(device, 0);
	check_refused(device, what);
}

/* All of memory, again and again, up to 2^32 bytes. */
static void sum_try(const struct device *device)
{
	device_negotiate(device, NOT_FEATURES);
	queue_set(device, 0, QUEUE_MAX);
	status_add(device, VIRTIO_STATUS_DRIVER_OK);
	for (int i = 0; i < QUEUE_MAX; i++)
		desc_set(0, (unsigned)i, NULL, memory_end, W, i + 1 < QUEUE_MAX ? i + 1 : -1);
	queue_offer(0, 0);
	queue_notify(device, 0);
	check_refused(device, "2^32 bytes in all");
}

/* The device writes random bytes over the rings that it reads. It may be refused or not, but it
 * must end, and work after a reset. */
static void over_its_rings(const struct device *device)
{
	static uint8_t bytes[16];

	device_start(device, NOT_FEATURES, 1);
	for (unsigned i = 0; i < QUEUE_SIZE; i++) {
		desc_set(0, i, &rings[0], sizeof(rings[0]), W, -1);
		queue_offer(0, (uint16_t)i);
	}
	queue_notify(device, 0);
	device_start(device, NOT_FEATURES, 1);
	desc_set(0, 0, bytes, sizeof(bytes), W, -1);
	queue_offer(0, 0);
	queue_notify(device, 0);
	check(queue_wait(0, 1), "hostile: buffers over the rings themselves");
}

void hostile_try(const struct device *device)
{
	for (unsigned i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		device_start(device,
			chains[i].indirect ? VIRTIO_FEATURE(VIRTIO_F_INDIRECT_DESC) : NOT_FEATURES,
			1);
		chains[i].lay();
		queue_offer(0, 0);
		queue_notify(device, 0);
		check_refused(device, chains[i].what);
	}
	ring_try(device, QUEUE_SIZE, 1, "a head that is not there");
	ring_try(device, 0xffff, 1, "head 65535");
	ring_try(device, 0, QUEUE_SIZE + 1, "the index jumps");
	ring_try(device, 0, 0xffff, "the index goes back");
	if ((uint64_t)memory_end * QUEUE_MAX > UINT32_MAX)
		sum_try(device);
	over_its_rings(device);
}
