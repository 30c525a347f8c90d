/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The judge as a block device: guests/blocks runs with the student's driver, and what the driver
 * leaves in its rings is read, checked and answered from outside. The monitor's own device sleeps:
 * whenever it would look at its queue, it is the judge's turn.
 *
 * The device keeps to VIRTIO 1.2, but it takes every liberty that a device has: it gives back in
 * any order, later, a few at a time, and wants to be told of any request it likes.
 */
#ifndef PARAVIRT_DEVICE_H
#define PARAVIRT_DEVICE_H

#include "paravirt_bed.h"

#define DEVICE_DISK_MAX (1u << 20)

/* One request that the device has. */
struct held {
	uint16_t head, desc[3];
	unsigned count; /* descriptors: 3, or 2 where there is no data */
	struct virtio_blk_header header;
	struct virtq_desc data, status;
};

struct device {
	struct machine *m;
	struct guest *guest;
	uint32_t device; /* struct virtio_device, a linear address of the monitor's */
	uint32_t memory; /* the guest's: a linear address of the monitor's */
	uint32_t limit;  /* its bytes */
	bool open;       /* the queue is known */
	uint32_t blk;    /* struct virtio_blk, as soon as it is known */
	struct monitor_queue queue;
	uint16_t taken, used;
	uint16_t told;     /* the available ring's index when the driver last could have told */
	uint16_t event;    /* avail_event */
	bool no_notify;    /* the used ring's flag */
	unsigned requests; /* so far */
	unsigned idle;     /* looks of the driver's since there was anything to do */
	struct held held[VIRTQUEUE_SIZE_MAX];
	unsigned holds;
	uint8_t disk[DEVICE_DISK_MAX];
	size_t disk_size;

	/* what it is like */
	uint16_t start; /* the indices begin there */
	bool lies;      /* it gives back what it was not given, too */
	bool late;      /* what is left comes when the driver asks for an interrupt */
};

/* Boots guests/blocks with these words. */
void device_open(struct device *device, const char *words);

/* Where the machine stands at virtio_work() for the first time: the queue has come to be. */
void device_begin(struct device *device);

/* Runs to the guest's end. */
void device_run(struct device *device);

/* Takes what the driver has added, and fails the test where it is no request as virtio_blk.h says.
 */
void device_take(struct device *device);

#endif
