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

void virtio_blk_begin(struct virtio_blk *blk)
{
	/* YOUR CODE HERE */
	(void)blk;
	guest_unwritten(__func__);
}

/* ---- towards the device ---- */

bool virtio_blk_submit(struct virtio_blk *blk, struct virtio_blk_request *request)
{
	/* YOUR CODE HERE */
	(void)blk, (void)request;
	guest_unwritten(__func__);
}

void virtio_blk_tell(struct virtio_blk *blk)
{
	/* YOUR CODE HERE */
	(void)blk;
	guest_unwritten(__func__);
}

/* ---- from the device ---- */

struct virtio_blk_request *virtio_blk_next(struct virtio_blk *blk)
{
	/* YOUR CODE HERE */
	(void)blk;
	guest_unwritten(__func__);
}

bool virtio_blk_want_interrupt(struct virtio_blk *blk, bool wanted)
{
	/* YOUR CODE HERE */
	(void)blk, (void)wanted;
	guest_unwritten(__func__);
}
