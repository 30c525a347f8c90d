/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 5's contract, second part: the device's side of a split virtqueue (VIRTIO 1.2, 2.7).
 *
 * A virtqueue is three tables in the guest's memory. The driver writes descriptors and puts the
 * heads of chains into the available ring; the device takes them, works, and puts them into the
 * used ring. Neither side waits for the other, and each says when it wants to be told.
 *
 *   virtqueue.c  takes chains, gives them back, and decides who must be told
 *
 * Everything in these tables was written by the guest, and it goes on writing while the device
 * looks. So: every value is read once, into the monitor's own memory, and checked there. What
 * breaks the specification makes the queue refuse (virtqueue_refuse()), never the monitor.
 *
 * Addresses in descriptors are guest-physical, and have 64 bits. Sections are of VIRTIO 1.2.
 */
#ifndef VIRTQUEUE_H
#define VIRTQUEUE_H

#include "organ.h"
#include "types.h"
#include "virtio.h"

#define VIRTQUEUE_SIZE_MAX 256 /* descriptors: QueueNumMax of all queues here */

struct vm;

struct virtqueue {
	/* the chassis's: what the driver has said of it (4.2.2), checked when it became ready */
	struct vm *vm;
	const char *device; /* for messages */
	unsigned number;
	bool ready;
	unsigned size;                /* descriptors: a power of 2, up to VIRTQUEUE_SIZE_MAX */
	gpa_t desc, avail, used_ring; /* the three tables: wholly in the guest's memory */
	bool event_index;             /* VIRTIO_F_EVENT_IDX was negotiated */
	bool indirect;                /* VIRTIO_F_INDIRECT_DESC was */
	bool refused;                 /* virtqueue_refuse(): takes nothing more until a reset */

	/* the organ's; 0 when the queue becomes ready */
	uint16_t taken; /* chains taken so far: the next one's place in the available ring */
	uint16_t used;  /* chains given back so far */
	uint16_t told;  /* `used` when virtqueue_must_tell() was last asked */
};

/* A piece of the guest's memory that a descriptor names. */
struct virtqueue_segment {
	gpa_t address;
	uint32_t length; /* bytes, at least 1: a descriptor of none is no segment */
};

/* A chain: first what the device may read, then what it may write (2.7.4.2). */
struct virtqueue_chain {
	uint16_t head;                  /* index of its first descriptor */
	unsigned readable_count, count; /* segments; the first readable_count are to be read */
	uint32_t readable, writable;    /* bytes in all of each kind */
	struct virtqueue_segment segment[VIRTQUEUE_SIZE_MAX];
};

/* ---- virtqueue.c ---- */

/*
 * Takes the next chain from the available ring. False: there is none, or the queue has refused.
 *
 * Refused are (the section of the rule in brackets):
 *   - more new entries in the ring than the queue has descriptors             (2.7.6)
 *   - a head, or a `next`, that is not below the size of its table            (2.7.5)
 *   - a chain of more descriptors than the queue has: it may be a loop        (2.7.5.3.1)
 *   - a descriptor whose bytes are not all in the guest's memory              (2.7.5)
 *   - what the device may read behind what it may write                       (2.7.4.2)
 *   - more than 2^32 - 1 bytes of one kind in a chain                         (2.7.5.2)
 *   - VIRTQ_DESC_F_INDIRECT where it was not negotiated, together with NEXT, or in an indirect
 *     table; such a table whose length is not a multiple of 16, or 0          (2.7.5.3.1)
 *
 * With event_index it also says up to where it has looked (avail_event), so that the driver tells
 * of the next one; and looks once more afterwards: what came in between nobody would tell of
 * (2.7.10).
 */
bool virtqueue_take(struct virtqueue *queue, struct virtqueue_chain *chain);

/*
 * Gives the chain with that head back, of whose writable bytes the device has written the first
 * `written`: an element of the used ring, and only then the index (2.7.8.2).
 */
void virtqueue_give(struct virtqueue *queue, uint16_t head, uint32_t written);

/*
 * Must the driver be told of what was given back since this was last asked? Without event_index:
 * if something was, and VIRTQ_AVAIL_F_NO_INTERRUPT is not set. With it: if used_event is among what
 * was given back (2.7.7.2). Counters are 16 bits, and wrap.
 */
bool virtqueue_must_tell(struct virtqueue *queue);

/* While the device is at work anyway the driver need not tell it: VIRTQ_USED_F_NO_NOTIFY, where
 * there is no event_index (2.7.10). */
void virtqueue_want_notifications(struct virtqueue *queue, bool wanted);

/* ---- what the chassis has (virtqueue_memory.c) ---- */

/* Memory of the guest's, `size` bytes that are certainly there: read once, or written. */
void virtqueue_load(const struct virtqueue *queue, gpa_t from, void *to, uint32_t size);
void virtqueue_store(const struct virtqueue *queue, gpa_t to, const void *from, uint32_t size);

/* Is all of it in the guest's memory? `address` has 64 bits, as in a descriptor. */
bool virtqueue_has_memory(const struct virtqueue *queue, uint64_t address, uint32_t size);

/* The driver breaks the specification. The log says how, and where the rule stands; the device
 * needs a reset, and the driver is told so (2.1.2). "descriptor 7 leads to 300, and there are 256"
 */
__attribute__((format(printf, 3, 4))) void virtqueue_refuse(
	struct virtqueue *queue, const char *section, const char *format, ...);

/* Copies from the chain's readable bytes, from byte `offset` of them on, or to its writable ones:
 * returns how many there were, at most `size`. */
uint32_t virtqueue_read(const struct virtqueue *queue, const struct virtqueue_chain *chain,
	uint32_t offset, void *to, uint32_t size);
uint32_t virtqueue_write(const struct virtqueue *queue, const struct virtqueue_chain *chain,
	uint32_t offset, const void *from, uint32_t size);

#endif
