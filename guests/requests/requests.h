/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the guest `requests` is asked for, and what it leaves. The judge writes the plan into its
 * file, and knows what must come out.
 */
#ifndef REQUESTS_H
#define REQUESTS_H

#include <stdint.h>

#define REQUESTS_MAX 256
#define DATA_MAX     4096 /* bytes of one request */
#define PIECES_MAX   12   /* of its data, at most */

struct request_plan {
	uint32_t type; /* VIRTIO_BLK_T_... */
	uint32_t sector;
	uint32_t bytes; /* of data */
	uint32_t seed;  /* of what is written, and of how it is cut */
	uint32_t indirect;
	uint32_t tell; /* 1: the device is told now, and waited for */
};

struct request_outcome {
	uint32_t status;
	uint32_t written; /* what the used ring says */
	uint32_t sum;     /* of the data that was read */
	uint32_t spilled; /* bytes between the pieces that are not what they were */
	uint32_t order;   /* it was the one with that number to come back */
};

#endif
