/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtqueue that the judge has laid out in a guest's memory, as a driver would: virtqueue.c is
 * called from outside with it, before the guest has run. The queue is the entropy device's, and the
 * judge has the same tables here.
 */
#ifndef PARAVIRT_BED_H
#define PARAVIRT_BED_H

#include "shared.h"
#include "virtqueue.h"

#define CHAINS_MAX  3
#define ENTRIES_MAX 320 /* of an indirect table */

/* struct virtqueue, as it lies in the monitor. */
struct monitor_queue {
	uint32_t vm, device, number;
	uint8_t ready;
	uint32_t size, desc, avail, used_ring;
	uint8_t event_index, indirect, refused;
	uint16_t taken, used, told;
};

/* The guest that it is in. All addresses are linear ones of the monitor's. */
struct bed {
	struct machine *m;
	uint32_t vm, device, queue, chain;
	uint32_t memory, limit; /* where the guest's begins, and its bytes */
	struct monitor_queue fresh;
};

/* A guest with `megs` MiB, at the first moment at which it could run. */
struct bed bed_open(unsigned megs);

void bed_write(const struct bed *bed, uint32_t at, const void *data, size_t size);
void bed_read(const struct bed *bed, uint32_t at, void *data, size_t size);

/* A chain, and what virtqueue_take() must make of it. */
struct laid {
	struct virtqueue_chain expected;
	unsigned count;                              /* descriptors that name bytes */
	struct virtq_desc *desc[VIRTQUEUE_SIZE_MAX]; /* in their order */
	struct virtq_desc *way; /* the one that leads to the indirect table, or NULL */
	uint32_t table_at, entries;
	struct virtq_desc table[ENTRIES_MAX];
};

struct layout {
	struct monitor_queue queue;
	struct virtq_desc desc[VIRTQUEUE_SIZE_MAX];
	uint16_t avail[3 + VIRTQUEUE_SIZE_MAX];
	uint16_t used[4 + 4 * VIRTQUEUE_SIZE_MAX];
	unsigned chains;
	struct laid laid[CHAINS_MAX];
};

/* Draws a queue of `size` descriptors with 1 to `chains` chains in the available ring, all good. */
void layout_draw(const struct bed *bed, struct layout *layout, unsigned size, unsigned chains);

/* Any size, from 2^`least` on. */
unsigned size_draw(unsigned least);

/* An index of a ring, often one that is about to wrap. */
uint16_t index_draw(void);

/* Writes all of it into the guest and into the monitor. */
void layout_write(const struct bed *bed, const struct layout *layout);

/* Fails the test where the tables are not what they are here. */
void layout_assert_untouched(const struct bed *bed, const struct layout *layout, const char *what);

/* The queue's fields now. */
struct monitor_queue queue_read(const struct bed *bed);

/* What virtqueue_take() returns now. */
bool queue_take(const struct bed *bed);

/* Fails the test where the chain that it has taken is another. */
void assert_taken(const struct bed *bed, const struct layout *layout, const struct laid *laid);

/* The index and the events, here. */
static inline uint16_t *avail_index(struct layout *layout)
{
	return &layout->avail[1];
}

static inline uint16_t *avail_entry(struct layout *layout, uint16_t place)
{
	return &layout->avail[2 + place % layout->queue.size];
}

static inline uint16_t *used_event(struct layout *layout)
{
	return &layout->avail[2 + layout->queue.size];
}

static inline uint16_t *avail_event(struct layout *layout)
{
	return &layout->used[2 + 4 * layout->queue.size];
}

static inline uint16_t *used_index(struct layout *layout)
{
	return &layout->used[1];
}

#endif
