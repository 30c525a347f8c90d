/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 5, virtio_blk.c: a guest's driver for a block device.
 *
 * Driver and device share a table of descriptors and two rings. In the available ring the driver
 * says which chains of descriptors it has filled; in the used ring the device says which it is done
 * with. Both say how far they have come in an index that only ever grows, and wraps at 65536. So
 * requests cost no exit: only the word to the device that there are some does, and it is enough to
 * say it once.
 *
 * Invariant: a descriptor is in the free list, or in the chain of one request that the device has.
 * request[] names that request at the chain's head, and is NULL everywhere else.
 *
 * virtio_blk.h is the contract. VIRTIO 1.2: 2.7 and 5.2.6.
 */
#include "virtio_blk.h"

/* BEGIN SOLUTION
 */
#define STATUS_NONE 0xff /* no device writes it */

/* END SOLUTION */

void virtio_blk_begin(struct virtio_blk *blk)
{
	/* BEGIN SOLUTION
	(void)blk;
	guest_unwritten(__func__);
	*/
	for (unsigned i = 0; i < blk->size; i++) {
		blk->rings->desc[i].next = (uint16_t)(i + 1);
		blk->request[i] = NULL;
	}
	blk->free = 0;
	blk->free_count = (uint16_t)blk->size;
	blk->added = blk->told = blk->seen = 0;
	/* END SOLUTION */
}

/* ---- towards the device ---- */

/* BEGIN SOLUTION
 */
/* Takes the next free descriptor, and fills it in. It still points to the one behind it. */
static void descriptor_take(struct virtio_blk *blk, void *data, uint32_t bytes, uint16_t flags)
{
	struct virtq_desc *desc = &blk->rings->desc[blk->free];

	desc->addr = (uintptr_t)data;
	desc->len = bytes;
	desc->flags = flags;
	blk->free = desc->next;
	blk->free_count--;
}

/* END SOLUTION */

bool virtio_blk_submit(struct virtio_blk *blk, struct virtio_blk_request *request)
{
	/* BEGIN SOLUTION
	(void)blk, (void)request;
	guest_unwritten(__func__);
	*/
	volatile struct virtq_avail *avail = virtio_blk_avail(blk);
	bool writes = request->type != VIRTIO_BLK_T_OUT; /* the device, into data */
	uint16_t head = blk->free;

	if (blk->free_count < (request->bytes ? 3 : 2))
		return false;
	request->header = (struct virtio_blk_header){request->type, 0, request->sector};
	request->status = STATUS_NONE;
	blk->request[head] = request;
	descriptor_take(blk, &request->header, sizeof(request->header), VIRTQ_DESC_F_NEXT);
	if (request->bytes)
		descriptor_take(blk, request->data, request->bytes,
			VIRTQ_DESC_F_NEXT | (writes ? VIRTQ_DESC_F_WRITE : 0));
	descriptor_take(blk, &request->status, 1, VIRTQ_DESC_F_WRITE);
	avail->ring[blk->added++ % blk->size] = head;
	virtio_blk_barrier();
	avail->idx = blk->added;
	return true;
	/* END SOLUTION */
}

void virtio_blk_tell(struct virtio_blk *blk)
{
	/* BEGIN SOLUTION
	(void)blk;
	guest_unwritten(__func__);
	*/
	uint16_t news = (uint16_t)(blk->added - blk->told);
	bool wanted;

	virtio_blk_barrier(); /* avail->idx is written before it is asked whether anyone cares */
	if (blk->event_index)
		wanted = (uint16_t)(blk->added - *virtio_blk_avail_event(blk) - 1) < news;
	else
		wanted = news && !(virtio_blk_used(blk)->flags & VIRTQ_USED_F_NO_NOTIFY);
	blk->told = blk->added;
	/* what is written is the queue's number */
	if (wanted)
		blk->registers[VIRTIO_MMIO_QUEUE_NOTIFY / 4] = 0;
	/* END SOLUTION */
}

/* ---- from the device ---- */

/* BEGIN SOLUTION
 */
/* The whole chain, in front of the free list. */
static void chain_free(struct virtio_blk *blk, uint16_t head)
{
	struct virtq_desc *last = &blk->rings->desc[head];

	blk->free_count++;
	while (last->flags & VIRTQ_DESC_F_NEXT) {
		last = &blk->rings->desc[last->next];
		blk->free_count++;
	}
	last->next = blk->free;
	blk->free = head;
}

/* END SOLUTION */

struct virtio_blk_request *virtio_blk_next(struct virtio_blk *blk)
{
	/* BEGIN SOLUTION
	(void)blk;
	guest_unwritten(__func__);
	*/
	volatile struct virtq_used *used = virtio_blk_used(blk);

	while (used->idx != blk->seen) {
		virtio_blk_barrier(); /* the element is read after the index that covers it */
		uint32_t head = used->ring[blk->seen++ % blk->size].id;
		if (head >= blk->size || !blk->request[head])
			continue;
		struct virtio_blk_request *request = blk->request[head];
		blk->request[head] = NULL;
		chain_free(blk, (uint16_t)head);
		return request;
	}
	return NULL;
	/* END SOLUTION */
}

bool virtio_blk_want_interrupt(struct virtio_blk *blk, bool wanted)
{
	/* BEGIN SOLUTION
	(void)blk, (void)wanted;
	guest_unwritten(__func__);
	*/
	if (blk->event_index) /* not wanted: the event that is furthest away */
		*virtio_blk_used_event(blk) = wanted ? blk->seen : (uint16_t)(blk->seen - 1);
	else
		virtio_blk_avail(blk)->flags = wanted ? 0 : VIRTQ_AVAIL_F_NO_INTERRUPT;
	virtio_blk_barrier(); /* what came before the device saw this has had no interrupt */
	return !wanted || virtio_blk_used(blk)->idx == blk->seen;
	/* END SOLUTION */
}
