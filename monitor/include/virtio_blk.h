/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 5's contract, third part: the driver's side, in the guest (VIRTIO 1.2, 2.7 and 5.2).
 *
 *   virtio_blk.c  a driver for a block device: it is linked with guests, and runs where they run
 *
 * It has no interrupt handler and no threads of its own: a kernel calls it, with interrupts off
 * where its own handler calls it, too. All that it needs is memory whose linear addresses are
 * guest-physical ones.
 *
 * A request is a chain of three descriptors (5.2.6): the header, the data, one byte of status.
 * Without data (VIRTIO_BLK_T_FLUSH) it is a chain of two.
 *
 * Sections are of VIRTIO 1.2.
 */
#ifndef VIRTIO_BLK_H
#define VIRTIO_BLK_H

#include <stdbool.h>
#include <stddef.h>

#include "virtio.h"

#define VIRTIO_BLK_QUEUE 256 /* descriptors, at most */

/* The three parts of a queue, where the device expects them. */
struct virtio_blk_rings {
	struct virtq_desc desc[VIRTIO_BLK_QUEUE] __attribute__((aligned(16)));
	uint16_t avail[3 + VIRTIO_BLK_QUEUE];    /* struct virtq_avail, and used_event */
	uint32_t used[2 + 2 * VIRTIO_BLK_QUEUE]; /* struct virtq_used, and avail_event */
};

struct virtio_blk_request {
	uint32_t type;   /* VIRTIO_BLK_T_... */
	uint64_t sector; /* the first one */
	void *data;
	uint32_t bytes; /* of data: whole sectors */
	void *owner;    /* the caller's own */

	/* the driver's own, from virtio_blk_submit() until virtio_blk_next() has returned it */
	struct virtio_blk_header header;
	uint8_t status; /* then: VIRTIO_BLK_S_... */
};

struct virtio_blk {
	/* the chassis's, from virtio_blk_find() (guests/lib/virtio/) */
	volatile uint32_t *registers; /* VIRTIO_MMIO_..., in doublewords */
	struct virtio_blk_rings *rings;
	unsigned size;    /* descriptors of the queue: a power of 2, at most VIRTIO_BLK_QUEUE */
	bool event_index; /* VIRTIO_F_EVENT_IDX was negotiated */
	uint64_t sectors;

	/* the organ's; all 0 at first */
	uint16_t free; /* first of the free descriptors, which `next` links */
	uint16_t free_count;
	uint16_t added; /* chains that were put into the available ring */
	uint16_t told;  /* `added` when the device was last told */
	uint16_t seen;  /* elements of the used ring that were taken */
	struct virtio_blk_request *request[VIRTIO_BLK_QUEUE]; /* by the head of its chain */
};

/* Where indices and events lie in the rings. */
static inline volatile struct virtq_avail *virtio_blk_avail(const struct virtio_blk *blk)
{
	return (volatile struct virtq_avail *)blk->rings->avail;
}

static inline volatile struct virtq_used *virtio_blk_used(const struct virtio_blk *blk)
{
	return (volatile struct virtq_used *)blk->rings->used;
}

/* Behind the available ring: the driver wants to be told when `used` passes this (2.7.7). */
static inline volatile uint16_t *virtio_blk_used_event(const struct virtio_blk *blk)
{
	return &virtio_blk_avail(blk)->ring[blk->size];
}

/* Behind the used ring: the device wants to be told when `avail` passes this (2.7.10). */
static inline volatile uint16_t *virtio_blk_avail_event(const struct virtio_blk *blk)
{
	return (volatile uint16_t *)&virtio_blk_used(blk)->ring[blk->size];
}

/* The order in which memory is written and read is the order in which it is written down. */
static inline void virtio_blk_barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* ---- virtio_blk.c ---- */

/* Links all descriptors into the free list. The device has been found, and not started. */
void virtio_blk_begin(struct virtio_blk *blk);

/*
 * Puts a request into the available ring, and does not tell the device. False: there are not enough
 * free descriptors, and nothing is changed. The request must stay where it is until
 * virtio_blk_next() returns it.
 *
 * The descriptors are complete before the ring names them, and the ring before its index says so
 * (2.7.13).
 */
bool virtio_blk_submit(struct virtio_blk *blk, struct virtio_blk_request *request);

/*
 * Tells the device of all that was submitted, if it wants to know: a write of the queue's number to
 * QueueNotify. With event_index: if the device's event is among what was added since it was last
 * told (2.7.10.1). Without: if VIRTQ_USED_F_NO_NOTIFY is not set.
 */
void virtio_blk_tell(struct virtio_blk *blk);

/* The next request that the device has given back, with its status; its descriptors are free again.
 * NULL: there is none. A device that gives back what it was not given is ignored. */
struct virtio_blk_request *virtio_blk_next(struct virtio_blk *blk);

/*
 * Asks for an interrupt for whatever is given back next, or for none: used_event, or
 * VIRTQ_AVAIL_F_NO_INTERRUPT. False: it is wanted, and something is there already (2.7.7.1).
 */
bool virtio_blk_want_interrupt(struct virtio_blk *blk, bool wanted);

/* ---- the guest's ---- */

/* Where the skeleton ends: a message that names the function to write, and the guest switches
 * itself off. */
_Noreturn void guest_unwritten(const char *function);

#endif
