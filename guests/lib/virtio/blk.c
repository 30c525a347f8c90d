/* SPDX-License-Identifier: BSD-2-Clause */
/* A block device with its one queue, ready for the driver: virtio_guest.h. VIRTIO 1.2: 5.2. */
#include "virtio_guest.h"

#define SMALLEST 4u /* descriptors: a request takes 3, and a queue's size is a power of 2 */

/* Whatever was there before: indices, flags and events begin at 0. */
static void rings_clear(struct virtio_blk_rings *rings)
{
	volatile uint8_t *bytes = (volatile uint8_t *)rings;

	for (size_t i = 0; i < sizeof(*rings); i++)
		bytes[i] = 0;
}

enum virtio_outcome virtio_blk_find(struct virtio_blk *blk, struct virtio_device *device,
	const char *command_line, struct virtio_blk_rings *rings, unsigned size, uint64_t wanted)
{
	enum virtio_outcome outcome = virtio_begin(device, command_line, VIRTIO_ID_BLOCK, wanted);

	if (outcome != VIRTIO_FOUND)
		return outcome;
	rings_clear(rings);
	*blk = (struct virtio_blk){
		.registers = device->registers,
		.rings = rings,
		.event_index = virtio_has(device, VIRTIO_F_EVENT_IDX),
	};
	blk->size = virtio_queue_begin(device, 0, size, rings->desc, rings->avail, rings->used);
	blk->sectors = virtio_config_read64(device, offsetof(struct virtio_blk_config, capacity));
	if (blk->size < SMALLEST) {
		virtio_fail(device);
		return VIRTIO_QUEUE_MISSING;
	}
	virtio_blk_begin(blk);
	virtio_run(device);
	return VIRTIO_FOUND;
}
