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

bool virtqueue_take(struct virtqueue *queue, struct virtqueue_chain *chain)
{
	/* YOUR CODE HERE */
	(void)queue, (void)chain;
	organ_unwritten(__func__);
}

void virtqueue_give(struct virtqueue *queue, uint16_t head, uint32_t written)
{
	/* YOUR CODE HERE */
	(void)queue, (void)head, (void)written;
	organ_unwritten(__func__);
}

bool virtqueue_must_tell(struct virtqueue *queue)
{
	/* YOUR CODE HERE */
	(void)queue;
	organ_unwritten(__func__);
}

void virtqueue_want_notifications(struct virtqueue *queue, bool wanted)
{
	/* YOUR CODE HERE */
	(void)queue, (void)wanted;
	organ_unwritten(__func__);
}
