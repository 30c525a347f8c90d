/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring of bytes between an interrupt handler and the rest of the kernel.
 *
 * The two counters only grow, and wrap as unsigned numbers do. What lies between them is queued, so
 * an empty ring and a full one cannot be confused. A ring that is all zero is empty. Its user's
 * lock protects it.
 */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stdint.h>

#define RING_BYTES 1024u /* a power of two */

struct ring {
	uint32_t put, got; /* bytes, since ever */
	char bytes[RING_BYTES];
};

static inline bool ring_is_empty(const struct ring *ring)
{
	return ring->put == ring->got;
}

static inline bool ring_is_full(const struct ring *ring)
{
	return ring->put - ring->got == RING_BYTES;
}

/* The ring must not be full. */
static inline void ring_put(struct ring *ring, char byte)
{
	ring->bytes[ring->put++ % RING_BYTES] = byte;
}

/* The ring must not be empty. */
static inline char ring_get(struct ring *ring)
{
	return ring->bytes[ring->got++ % RING_BYTES];
}

#endif
