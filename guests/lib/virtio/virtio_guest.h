/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a guest comes to a virtio device: it is named on the command line, looked at, negotiated with
 * and given its queues (VIRTIO 1.2: 3.1.1 and 4.2). Only guests that call something of this are
 * linked with it; it needs nothing but memory whose linear addresses are guest-physical ones.
 *
 * Interrupts: a device holds its line up while InterruptStatus is not 0. So a handler first
 * acknowledges (virtio_acknowledge()), which lowers the line, then takes all that is there
 * (virtio_blk_next(), until there is none), asks for the next interrupt
 * (virtio_blk_want_interrupt(); where that is false, it takes again), and then ends the interrupt
 * at the 8259. In another order an edge is lost, or comes for nothing.
 */
#ifndef VIRTIO_GUEST_H
#define VIRTIO_GUEST_H

#include "virtio_blk.h"

/* ---- words.c: what the command line says ---- */

struct virtio_place {
	uint32_t address, size; /* guest-physical, bytes: it ends below 4 GiB */
	unsigned irq;           /* 0 to 15 */
};

/*
 * Looks for the next word "virtio_mmio.device=SIZE@ADDRESS:IRQ" (or ":IRQ:ID"), as Linux documents
 * it in Documentation/admin-guide/kernel-parameters.txt. Numbers are decimal, octal (from a 0 on)
 * or hexadecimal (from 0x on); a K, M or G behind the size multiplies it. True: it is in *place,
 * and *words is behind it. A word that says anything else is no such word.
 */
bool virtio_place_next(const char **words, struct virtio_place *place);

/* ---- device.c ---- */

struct virtio_device {
	volatile uint32_t *registers; /* VIRTIO_MMIO_..., in doublewords */
	unsigned irq;
	uint64_t features; /* that were negotiated: VIRTIO_FEATURE() of each */
};

enum virtio_outcome {
	VIRTIO_FOUND,
	VIRTIO_ABSENT,           /* the command line names no such device */
	VIRTIO_VERSION_UNKNOWN,  /* it is a legacy device */
	VIRTIO_RESET_FAILED,     /* its status does not become 0 */
	VIRTIO_FEATURES_MISSING, /* it has no VERSION_1 */
	VIRTIO_FEATURES_REFUSED, /* it does not set FEATURES_OK */
	VIRTIO_QUEUE_MISSING,    /* the queue is not there, is in use, or is too small */
};

/* The same for people: what is behind "the device ...". */
const char *virtio_outcome_text(enum virtio_outcome outcome);

/*
 * Takes the first device of this kind that the command line names: resets it, and accepts
 * VERSION_1 and what else of `wanted` it offers. Its queues can be set up then. On any outcome but
 * VIRTIO_FOUND the device does not run.
 */
enum virtio_outcome virtio_begin(
	struct virtio_device *device, const char *command_line, uint32_t id, uint64_t wanted);

static inline bool virtio_has(const struct virtio_device *device, unsigned feature)
{
	return device->features & VIRTIO_FEATURE(feature);
}

/*
 * Gives queue `number` its three parts, which are all 0, for `size` descriptors at most. Returns
 * how many it has: a power of 2; 0: there is no such queue, or it is in use.
 */
unsigned virtio_queue_begin(const struct virtio_device *device, unsigned number, unsigned size,
	void *desc, void *avail, void *used);

/* All queues are there: the device may begin (DRIVER_OK). */
void virtio_run(const struct virtio_device *device);

/* This driver gives the device up (FAILED). */
void virtio_fail(const struct virtio_device *device);

/* The 8 bytes at `offset` of the configuration space, a multiple of 4: all of one moment. */
uint64_t virtio_config_read64(const struct virtio_device *device, unsigned offset);

/* What the interrupt was for (VIRTIO_INTERRUPT_...), and takes the line back. 0: for nothing. */
uint32_t virtio_acknowledge(const struct virtio_device *device);

/* ---- blk.c ---- */

/*
 * Takes the first block device that the command line names, with up to `size` descriptors (a power
 * of 2, from 4 to VIRTIO_BLK_QUEUE) in `rings`. Of `wanted` are: VIRTIO_F_EVENT_IDX,
 * VIRTIO_BLK_F_FLUSH, VIRTIO_BLK_F_RO; without FLUSH no VIRTIO_BLK_T_FLUSH may be asked for, and
 * with RO no VIRTIO_BLK_T_OUT. VIRTIO_FOUND: the device runs, and `blk` is ready for
 * virtio_blk_submit().
 */
enum virtio_outcome virtio_blk_find(struct virtio_blk *blk, struct virtio_device *device,
	const char *command_line, struct virtio_blk_rings *rings, unsigned size, uint64_t wanted);

#endif
