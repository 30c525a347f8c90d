/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver for any virtio device on the memory bus, made for trying it (VIRTIO 1.2, 2.7, 3.1, 4.2).
 *
 * It hides nothing: a test lays its descriptors itself, and may break every rule. One device is
 * driven at a time, with the rings that all of them share.
 */
#ifndef VIRTQUEUES_H
#define VIRTQUEUES_H

#include "kernel.h"
#include "virtio.h"

#define QUEUE_SIZE   16 /* descriptors, where a test does not want something else */
#define QUEUE_MAX    256
#define QUEUES_MAX   2
#define DEVICES_MAX  8
#define NOT_FEATURES 0 /* nothing but VIRTIO_F_VERSION_1 */

struct device {
	volatile uint32_t *registers; /* in doublewords */
	uint32_t irq, id;
};

struct rings {
	struct virtq_desc desc[QUEUE_MAX] __attribute__((aligned(16)));
	uint16_t avail[3 + QUEUE_MAX];
	uint32_t used[2 + 2 * QUEUE_MAX];
};

extern struct device devices[DEVICES_MAX];
extern unsigned device_count;
extern struct rings rings[QUEUES_MAX];
extern volatile uint32_t interrupts; /* that the device's line has brought; acknowledged */
extern uint32_t memory_end;          /* bytes of memory */

/* ---- driver.c ---- */

/* Finds the devices that the command line names. */
void devices_find(const char *command_line);

/* The device of that kind (VIRTIO_ID_...), or NULL. */
const struct device *device_of(uint32_t id);

uint32_t register_read(const struct device *device, uint32_t offset);
void register_write(const struct device *device, uint32_t offset, uint32_t value);

/* Sets a bit of the status. */
void status_add(const struct device *device, uint32_t bit);

/* From a reset up to FEATURES_OK, with these features and VIRTIO_F_VERSION_1. False: the device
 * does not agree. */
bool device_negotiate(const struct device *device, uint64_t features);

/* Clears the rings of a queue, tells the device where they are, and that it is ready. */
void queue_set(const struct device *device, unsigned queue, uint32_t size);
void queue_place(const struct device *device, unsigned queue, uint32_t size);

/* All of that, with one or two queues of QUEUE_SIZE, and DRIVER_OK. */
bool device_start(const struct device *device, uint64_t features, unsigned queues);

/* Descriptor n of a queue: the last of its chain, unless `next` is 0 or more. */
void desc_set(unsigned queue, unsigned n, const volatile void *data, uint32_t length,
	uint16_t flags, int next);

/* Puts a head into the available ring, without a word to the device. */
void queue_offer(unsigned queue, uint16_t head);
void queue_notify(const struct device *device, unsigned queue);

/* Waits until the device has given so many chains back since the queue was set; false: it does not.
 */
bool queue_wait(unsigned queue, uint16_t count);

/* Where the parts of the rings lie. */
volatile struct virtq_avail *queue_avail(unsigned queue);
volatile struct virtq_used *queue_used(unsigned queue);

/* Prints a line, and counts it where it is not so. */
__attribute__((format(printf, 2, 3))) void check(bool good, const char *format, ...);
extern unsigned failures;

/* ---- what is tried ---- */

void block_try(const struct device *device);   /* block.c */
void console_try(const struct device *device); /* others.c */
void entropy_try(const struct device *device);
void network_try(const struct device *device);
void hostile_try(const struct device *device);   /* hostile.c: an entropy device */
void registers_try(const struct device *device); /* breaks.c: the same, its registers */
void flight_try(const struct device *device);    /* a block device, while it works */

/* The device has had enough: it says so, and works again after a reset. */
void check_refused(const struct device *device, const char *what);

#endif
