/* SPDX-License-Identifier: BSD-2-Clause */
/* Drivers that break the rules of the registers (VIRTIO 1.2, 3.1 and 4.2), and of time. */
#include "virtqueues.h"

/* A queue whose setting is changed by one write before it becomes ready. */
static void setting(const struct device *device, uint32_t offset, uint32_t value, const char *what)
{
	device_negotiate(device, NOT_FEATURES);
	queue_place(device, 0, QUEUE_SIZE);
	register_write(device, offset, value);
	register_write(device, VIRTIO_MMIO_QUEUE_READY, 1);
	check(register_read(device, VIRTIO_MMIO_QUEUE_READY) == 0, "hostile: no queue");
	check_refused(device, what);
}

/* One access to a device that works. */
static void writing(const struct device *device, uint32_t offset, uint32_t value, const char *what)
{
	device_start(device, NOT_FEATURES, 1);
	register_write(device, offset, value);
	check_refused(device, what);
}

static void settings_try(const struct device *device)
{
	setting(device, VIRTIO_MMIO_QUEUE_NUM, 0, "a queue of none");
	setting(device, VIRTIO_MMIO_QUEUE_NUM, 12, "a queue of 12");
	setting(device, VIRTIO_MMIO_QUEUE_NUM, 512, "a queue of 512");
	setting(device, VIRTIO_MMIO_QUEUE_NUM, 0x80000000, "a queue of 2^31");
	setting(device, VIRTIO_MMIO_QUEUE_DESC_LOW, 0x200008, "descriptors at an odd place");
	setting(device, VIRTIO_MMIO_QUEUE_DRIVER_LOW, 0x200001,
		"an available ring at an odd place");
	setting(device, VIRTIO_MMIO_QUEUE_DEVICE_LOW, 0x200002, "a used ring at an odd place");
	setting(device, VIRTIO_MMIO_QUEUE_DESC_HIGH, 1, "descriptors above 4 GiB");
	setting(device, VIRTIO_MMIO_QUEUE_DRIVER_LOW, memory_end - 8,
		"an available ring across the end of memory");
	setting(device, VIRTIO_MMIO_QUEUE_DEVICE_LOW, 0xfffffffc, "a used ring across 2^32");
	setting(device, VIRTIO_MMIO_QUEUE_SEL, 7, "queue 7");
}

static void order_try(const struct device *device)
{
	register_write(device, VIRTIO_MMIO_STATUS, 0);
	status_add(device, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	status_add(device, VIRTIO_STATUS_DRIVER_OK);
	check_refused(device, "DRIVER_OK without FEATURES_OK");
	register_write(device, VIRTIO_MMIO_STATUS, 0);
	queue_set(device, 0, QUEUE_SIZE);
	check_refused(device, "a queue before FEATURES_OK");
	register_write(device, VIRTIO_MMIO_STATUS, 0);
	status_add(device, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	status_add(device, VIRTIO_STATUS_FEATURES_OK);
	check(!(register_read(device, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_FEATURES_OK),
		"hostile: without VERSION_1 no FEATURES_OK");
	check(!device_negotiate(device, VIRTIO_FEATURE(33)),
		"hostile: with a feature that was not offered no FEATURES_OK");
}

void registers_try(const struct device *device)
{
	settings_try(device);
	order_try(device);
	writing(device, VIRTIO_MMIO_QUEUE_READY, 1, "ready twice");
	writing(device, VIRTIO_MMIO_QUEUE_NUM, 8, "another size while it is ready");
	writing(device, VIRTIO_MMIO_QUEUE_DEVICE_LOW, 0x200000, "another place while it is ready");
	writing(device, VIRTIO_MMIO_DRIVER_FEATURES, 0, "features after FEATURES_OK");
	writing(device, VIRTIO_MMIO_QUEUE_NOTIFY, 1, "a word about queue 1");
	writing(device, VIRTIO_MMIO_QUEUE_NOTIFY, 0xffffffff, "a word about queue 2^32 - 1");
	writing(device, VIRTIO_MMIO_STATUS, VIRTIO_STATUS_DRIVER_OK, "bits of the status cleared");
	writing(device, VIRTIO_MMIO_INTERRUPT_ACK, 4, "an event that there is not");
	writing(device, VIRTIO_MMIO_MAGIC, 1, "the magic value written");
	writing(device, VIRTIO_MMIO_CONFIG, 1, "the configuration written");
	writing(device, VIRTIO_MMIO_QUEUE_RESET, 1, "a queue's reset that was not negotiated");
	device_start(device, NOT_FEATURES, 1);
	*(volatile uint8_t *)device->registers;
	check_refused(device, "one byte of a register");
}

/* ---- while a device works ---- */

#define BIG 0x400000u /* bytes that a request wants: more than a device moves in an exit */

static struct virtio_blk_header header;
static uint8_t status;

/* A request that takes a while, since it is too big for the disk: all that comes are zeros. */
static void request_big(const struct device *device)
{
	header = (struct virtio_blk_header){.sector = UINT32_MAX};
	desc_set(0, 0, &header, sizeof(header), 0, 1);
	desc_set(0, 1, (void *)0x400000, BIG, VIRTQ_DESC_F_WRITE, 2);
	desc_set(0, 2, &status, 1, VIRTQ_DESC_F_WRITE, -1);
	status = 0xff;
	queue_offer(0, 0);
	queue_notify(device, 0);
}

static void wait_long(void)
{
	for (volatile uint32_t i = 0; i < 2000000; i++)
		continue;
}

void flight_try(const struct device *device)
{
	if (memory_end < 0x400000 + BIG) {
		console_printf("flight: needs 8 MiB of memory\n");
		return;
	}
	device_start(device, NOT_FEATURES, 1);
	request_big(device);
	check(queue_used(0)->idx == 0, "flight: a big request takes more than one exit");
	desc_set(0, 1, (void *)0xfffffff0, BIG, VIRTQ_DESC_F_WRITE, 0); /* too late */
	check(queue_wait(0, 1) && *(volatile uint8_t *)&status == VIRTIO_BLK_S_IOERR &&
			queue_used(0)->ring[0].len == BIG + 1,
		"flight: descriptors that change in use do not matter");

	device_start(device, VIRTIO_FEATURE(VIRTIO_F_RING_RESET), 1);
	request_big(device);
	register_write(device, VIRTIO_MMIO_QUEUE_RESET, 1);
	check(register_read(device, VIRTIO_MMIO_QUEUE_RESET) == 0 &&
			register_read(device, VIRTIO_MMIO_QUEUE_READY) == 0,
		"flight: a queue is reset");
	wait_long();
	check(queue_used(0)->idx == 0 && *(volatile uint8_t *)&status == 0xff,
		"flight: then nothing comes of it");
	queue_set(device, 0, QUEUE_SIZE / 2);
	request_big(device);
	check(queue_wait(0, 1), "flight: and it goes on with another size");

	device_start(device, NOT_FEATURES, 1);
	request_big(device);
	register_write(device, VIRTIO_MMIO_STATUS, 0);
	wait_long();
	check(queue_used(0)->idx == 0, "flight: a device that is reset forgets all");
}
