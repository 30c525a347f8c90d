/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 5, virtqueue.c: the device's side of a split virtqueue.
 *
 * The driver puts chains of descriptors into the available ring, and the device gives each back in
 * the used ring. Both only count upwards, modulo 2^16, and each writes its own ring alone: so
 * nothing has to be locked.
 *
 * Invariants. Every value of the guest's is loaded once, and what was loaded is what is checked and
 * used. Whatever breaks the specification ends in virtqueue_refuse(), and a chain that
 * virtqueue_take() returns can be used as it is: its segments lie in the guest's memory, the
 * readable ones before the writable ones.
 *
 * virtqueue.h is the contract. VIRTIO 1.2, section 2.7.
 */
#include "virtqueue.h"

/* BEGIN SOLUTION
 */
/* ---- the rings ---- */

static uint16_t load16(const struct virtqueue *queue, uint32_t address)
{
	uint16_t value;

	virtqueue_load(queue, gpa(address), &value, sizeof(value));
	return value;
}

static void store16(const struct virtqueue *queue, uint32_t address, uint16_t value)
{
	virtqueue_store(queue, gpa(address), &value, sizeof(value));
}

static uint32_t avail_ring(const struct virtqueue *queue, uint32_t i)
{
	return queue->avail.raw + offsetof(struct virtq_avail, ring) + sizeof(uint16_t) * i;
}

static uint32_t used_ring(const struct virtqueue *queue, uint32_t i)
{
	return queue->used_ring.raw + offsetof(struct virtq_used, ring) +
	       sizeof(struct virtq_used_elem) * i;
}

/* Each event lies behind the last element of the other side's ring. */
static uint32_t used_event(const struct virtqueue *queue)
{
	return avail_ring(queue, queue->size);
}

static uint32_t avail_event(const struct virtqueue *queue)
{
	return used_ring(queue, queue->size);
}

/* How many chains wait that were not taken. */
static unsigned waiting(struct virtqueue *queue)
{
	uint16_t index = load16(queue, queue->avail.raw + offsetof(struct virtq_avail, idx));
	uint16_t count = (uint16_t)(index - queue->taken);

	if (count <= queue->size)
		return count;
	virtqueue_refuse(queue, "2.7.6",
		"the available ring's index went from %u to %u, and it has %u", queue->taken, index,
		queue->size);
	return 0;
}

/* Nothing waits: the driver is to tell of the next one. It may have come just before it knew. */
static bool nothing_waits(struct virtqueue *queue)
{
	if (waiting(queue))
		return false;
	if (!queue->event_index || queue->refused)
		return true;
	store16(queue, avail_event(queue), queue->taken);
	return waiting(queue) == 0;
}

/* ---- chains ---- */

/* The table that descriptors come from: the queue's, or an indirect one. */
struct table {
	uint32_t address;
	uint32_t entries;
	bool indirect;
};

static bool enter_indirect(
	struct virtqueue *queue, const struct virtq_desc *desc, struct table *table)
{
	const char *problem = NULL;

	if (!queue->indirect)
		problem = "was not negotiated";
	else if (table->indirect)
		problem = "is in an indirect table";
	else if (desc->flags & VIRTQ_DESC_F_NEXT)
		problem = "is together with NEXT";
	else if (desc->len == 0 || desc->len % sizeof(*desc))
		problem = "has a table whose length is no multiple of 16, or 0";
	if (problem) {
		virtqueue_refuse(queue, "2.7.5.3.1", "VIRTQ_DESC_F_INDIRECT %s", problem);
		return false;
	}
	if (!virtqueue_has_memory(queue, desc->addr, desc->len)) {
		virtqueue_refuse(queue, "2.7.5",
			"an indirect table of %u bytes is not all in memory", desc->len);
		return false;
	}
	*table = (struct table){(uint32_t)desc->addr, desc->len / sizeof(*desc), true};
	return true;
}

/* The bytes that a descriptor names, checked, become the chain's last segment. */
static bool add_segment(
	struct virtqueue *queue, struct virtqueue_chain *chain, const struct virtq_desc *desc)
{
	bool writable = desc->flags & VIRTQ_DESC_F_WRITE;
	uint32_t *bytes = writable ? &chain->writable : &chain->readable;

	if (!writable && chain->readable_count < chain->count) {
		virtqueue_refuse(
			queue, "2.7.4.2", "a descriptor to be read comes behind one to be written");
		return false;
	}
	if (desc->len == 0)
		return true;
	if (!virtqueue_has_memory(queue, desc->addr, desc->len)) {
		virtqueue_refuse(queue, "2.7.5", "%u bytes at %08x%08x are not all in memory",
			desc->len, (uint32_t)(desc->addr >> 32), (uint32_t)desc->addr);
		return false;
	}
	if (*bytes + desc->len < desc->len) {
		virtqueue_refuse(queue, "2.7.5.2", "a chain has 2^32 bytes or more of one kind");
		return false;
	}
	*bytes += desc->len;
	chain->segment[chain->count++] =
		(struct virtqueue_segment){gpa((uint32_t)desc->addr), desc->len};
	if (!writable)
		chain->readable_count = chain->count;
	return true;
}

/* Walks a chain from its head. What has more descriptors than the queue may be a loop; the one that
 * leads to an indirect table is none of them, and there is only one such. */
static bool walk(struct virtqueue *queue, struct virtqueue_chain *chain)
{
	struct table table = {queue->desc.raw, queue->size, false};
	struct virtq_desc desc = {.flags = VIRTQ_DESC_F_NEXT, .next = chain->head};
	unsigned count = 0;

	while (desc.flags & VIRTQ_DESC_F_NEXT) {
		if (desc.next >= table.entries) {
			virtqueue_refuse(queue, "2.7.5",
				"there is no descriptor %u: the table has %u", desc.next,
				table.entries);
			return false;
		}
		virtqueue_load(
			queue, gpa(table.address + desc.next * sizeof(desc)), &desc, sizeof(desc));
		if (desc.flags & VIRTQ_DESC_F_INDIRECT) {
			if (!enter_indirect(queue, &desc, &table))
				return false;
			desc = (struct virtq_desc){.flags = VIRTQ_DESC_F_NEXT, .next = 0};
			continue;
		}
		if (count++ == queue->size) {
			virtqueue_refuse(queue, "2.7.5.3.1",
				"the chain from %u has more than %u descriptors: a loop?",
				chain->head, queue->size);
			return false;
		}
		if (!add_segment(queue, chain, &desc))
			return false;
	}
	return true;
}

/* END SOLUTION */

bool virtqueue_take(struct virtqueue *queue, struct virtqueue_chain *chain)
{
	/* BEGIN SOLUTION
	(void)queue, (void)chain;
	organ_unwritten(__func__);
	*/
	if (queue->refused || nothing_waits(queue))
		return false;
	chain->head = load16(queue, avail_ring(queue, queue->taken % queue->size));
	chain->readable_count = chain->count = 0;
	chain->readable = chain->writable = 0;
	if (!walk(queue, chain))
		return false;
	queue->taken++;
	return true;
	/* END SOLUTION */
}

void virtqueue_give(struct virtqueue *queue, uint16_t head, uint32_t written)
{
	/* BEGIN SOLUTION
	(void)queue, (void)head, (void)written;
	organ_unwritten(__func__);
	*/
	const struct virtq_used_elem element = {.id = head, .len = written};
	uint32_t index = queue->used_ring.raw + offsetof(struct virtq_used, idx);

	virtqueue_store(
		queue, gpa(used_ring(queue, queue->used % queue->size)), &element, sizeof(element));
	store16(queue, index, ++queue->used);
	/* END SOLUTION */
}

bool virtqueue_must_tell(struct virtqueue *queue)
{
	/* BEGIN SOLUTION
	(void)queue;
	organ_unwritten(__func__);
	*/
	uint16_t before = queue->told, given = (uint16_t)(queue->used - before);

	queue->told = queue->used;
	if (!given)
		return false;
	if (!queue->event_index) {
		uint32_t flags = queue->avail.raw + offsetof(struct virtq_avail, flags);
		return !(load16(queue, flags) & VIRTQ_AVAIL_F_NO_INTERRUPT);
	}
	/* the elements given are those from `before` on: is the event one of them? */
	return (uint16_t)(load16(queue, used_event(queue)) - before) < given;
	/* END SOLUTION */
}

void virtqueue_want_notifications(struct virtqueue *queue, bool wanted)
{
	/* BEGIN SOLUTION
	(void)queue, (void)wanted;
	organ_unwritten(__func__);
	*/
	if (!queue->event_index)
		store16(queue, queue->used_ring.raw + offsetof(struct virtq_used, flags),
			wanted ? 0 : VIRTQ_USED_F_NO_NOTIFY);
	/* END SOLUTION */
}
