/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests to a block device (VIRTIO 1.2, 5.2.6): all types, in many cuts. */
#include "virtqueues.h"

#define SECTOR VIRTIO_BLK_SECTOR

static struct virtio_blk_header header;
static uint8_t data[8 * SECTOR], again[8 * SECTOR];
static volatile uint8_t status;
static const struct device *disk;
static uint16_t given;

/* The request of descriptors 0 and on: its status, or -1 where it does not come. */
static int perform(void)
{
	status = 0xff;
	queue_offer(0, 0);
	queue_notify(disk, 0);
	return queue_wait(0, ++given) ? status : -1;
}

/* How many bytes the device says that it has written for the last one. */
static uint32_t written(void)
{
	return queue_used(0)->ring[(uint16_t)(given - 1) % QUEUE_SIZE].len;
}

static void header_set(uint32_t type, uint64_t sector)
{
	header = (struct virtio_blk_header){.type = type, .sector = sector};
	desc_set(0, 0, &header, sizeof(header), 0, 1);
}

static int request(uint32_t type, uint64_t sector, void *bytes, uint32_t count)
{
	header_set(type, sector);
	desc_set(0, 1, bytes, count, type == VIRTIO_BLK_T_OUT ? 0 : VIRTQ_DESC_F_WRITE, 2);
	desc_set(0, 2, &status, 1, VIRTQ_DESC_F_WRITE, -1);
	return perform();
}

static void fill(uint8_t *bytes, uint32_t count, uint32_t seed)
{
	for (uint32_t i = 0; i < count; i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(seed >> 24);
	}
}

static bool same(const uint8_t *a, const uint8_t *b, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

static uint64_t capacity(void)
{
	return disk->registers[VIRTIO_MMIO_CONFIG / 4] |
	       (uint64_t)disk->registers[VIRTIO_MMIO_CONFIG / 4 + 1] << 32;
}

static void reads_and_writes(void)
{
	fill(data, sizeof(data), 1);
	check(request(VIRTIO_BLK_T_OUT, 8, data, sizeof(data)) == 0 && written() == 1,
		"block: 8 sectors written");
	check(request(VIRTIO_BLK_T_IN, 8, again, sizeof(again)) == 0 &&
			written() == sizeof(again) + 1 && same(data, again, sizeof(data)),
		"block: and read again");
	check(request(VIRTIO_BLK_T_IN, 9, again, SECTOR) == 0 && same(data + SECTOR, again, SECTOR),
		"block: one from the middle");
	check(request(VIRTIO_BLK_T_FLUSH, 0, NULL, 0) == 0, "block: flush");
	check(request(VIRTIO_BLK_T_GET_ID, 0, again, VIRTIO_BLK_ID_BYTES) == 0,
		"block: its name is %s", (const char *)again);
	check(request(77, 0, again, SECTOR) == VIRTIO_BLK_S_UNSUPP, "block: an unknown type");
}

static void ranges(void)
{
	uint64_t end = capacity();

	check(request(VIRTIO_BLK_T_IN, end - 1, again, SECTOR) == 0, "block: the last sector");
	check(request(VIRTIO_BLK_T_IN, end, again, SECTOR) == VIRTIO_BLK_S_IOERR,
		"block: one behind it");
	check(request(VIRTIO_BLK_T_IN, end - 1, again, 2 * SECTOR) == VIRTIO_BLK_S_IOERR,
		"block: one too many");
	check(request(VIRTIO_BLK_T_OUT, UINT64_MAX, data, 2 * SECTOR) == VIRTIO_BLK_S_IOERR,
		"block: from 2^64 - 1 on");
	check(request(VIRTIO_BLK_T_OUT, UINT64_C(1) << 55, data, SECTOR) == VIRTIO_BLK_S_IOERR,
		"block: byte 2^64");
	check(request(VIRTIO_BLK_T_OUT, UINT64_C(1) << 32, data, SECTOR) == VIRTIO_BLK_S_IOERR,
		"block: sector 2^32");
	check(request(VIRTIO_BLK_T_IN, 0, again, SECTOR - 1) == VIRTIO_BLK_S_IOERR,
		"block: not a whole sector");
}

/* The same request with its header in three pieces and its data and status in one (2.7.4.1). */
static void cuts(bool indirect)
{
	static struct virtq_desc table[8];
	static uint8_t joined[SECTOR + 1];
	const uint8_t *bytes = (const uint8_t *)&header;

	header_set(VIRTIO_BLK_T_IN, 8);
	desc_set(0, 0, bytes, 1, 0, 1);
	desc_set(0, 1, bytes + 1, 8, 0, 2);
	desc_set(0, 2, bytes + 9, 7, 0, 3);
	desc_set(0, 3, joined, 200, VIRTQ_DESC_F_WRITE, 4);
	desc_set(0, 4, joined + 200, SECTOR + 1 - 200, VIRTQ_DESC_F_WRITE, -1);
	if (indirect) {
		memcpy(table, rings[0].desc, sizeof(table));
		desc_set(0, 0, table, 5 * sizeof(table[0]), VIRTQ_DESC_F_INDIRECT, -1);
	}
	joined[SECTOR] = 0xff;
	check(perform() >= 0 && joined[SECTOR] == 0 && written() == SECTOR + 1 &&
			same(joined, data, SECTOR),
		"block: a request in odd pieces%s", indirect ? ", indirect" : "");
}

/* As many requests at once as there are descriptors, and one word to the device. */
static void many(void)
{
	static struct virtio_blk_header headers[QUEUE_SIZE / 2];
	static uint8_t sectors[QUEUE_SIZE / 2][SECTOR + 1];
	bool good = true;

	for (unsigned i = 0; i < QUEUE_SIZE / 2; i++) {
		headers[i] = (struct virtio_blk_header){.sector = 8 + i};
		desc_set(0, 2 * i, &headers[i], sizeof(headers[i]), 0, (int)(2 * i + 1));
		desc_set(0, 2 * i + 1, sectors[i], SECTOR + 1, VIRTQ_DESC_F_WRITE, -1);
		queue_offer(0, (uint16_t)(2 * i));
	}
	given += QUEUE_SIZE / 2;
	interrupts = 0;
	queue_notify(disk, 0);
	good = queue_wait(0, given);
	for (unsigned i = 0; i < QUEUE_SIZE / 2; i++)
		good = good && same(sectors[i], data + i * SECTOR, SECTOR);
	check(good, "block: %u requests at once", QUEUE_SIZE / 2);
	check(interrupts == 1, "block: %u interrupt for them", interrupts);
}

/* Only the third of the next is worth an interrupt (2.7.7). */
static void events(void)
{
	uint32_t before = interrupts;

	queue_avail(0)->ring[QUEUE_SIZE] = (uint16_t)(given + 2);
	for (unsigned i = 0; i < 4; i++) {
		request(VIRTIO_BLK_T_IN, 8, again, SECTOR);
		check(interrupts - before == (i >= 2), "block: %u interrupts after request %u",
			interrupts - before, i);
	}
	check((uint16_t)queue_used(0)->ring[QUEUE_SIZE].id == given, /* avail_event */
		"block: it wants to be told of request %u", given);
}

void block_try(const struct device *device)
{
	disk = device;
	given = 0;
	console_printf("block: %u sectors\n", (uint32_t)capacity());
	if (!device_start(device, NOT_FEATURES, 1)) {
		check(false, "block: starts");
		return;
	}
	reads_and_writes();
	ranges();
	cuts(false);
	many();
	given = 0;
	check(device_start(device,
		      VIRTIO_FEATURE(VIRTIO_F_INDIRECT_DESC) | VIRTIO_FEATURE(VIRTIO_F_EVENT_IDX),
		      1),
		"block: starts with all features");
	cuts(true);
	events();
}
