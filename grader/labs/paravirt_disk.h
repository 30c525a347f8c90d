/* SPDX-License-Identifier: BSD-2-Clause */
/* What a disk costs a guest, by IDE and by virtio: steps of guests/blocks. */
#ifndef PARAVIRT_DISK_H
#define PARAVIRT_DISK_H

#include "shared.h"

enum disk_way { DISK_BARE, DISK_IDE, DISK_VIRTIO };

struct disk_cost {
	uint64_t instructions; /* in the driver and in the monitor: what the guest does with the
				* data is left out */
	uint64_t exits;        /* interrupts of the real timer left out */
};

/* The last of these steps ("whole,whole": the first one has warmed up), a list of blocks's do=. */
struct disk_cost disk_cost(enum disk_way way, const char *steps);

#endif
