/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The block device (VIRTIO 1.2, 5.2): the guest's disk, the same memory that its IDE drive has.
 *
 * A request is one stream of bytes to be read (header, and data for OUT) and one to be written
 * (data for IN, and then the status as the last byte). How the driver cuts them into descriptors is
 * its own business (2.7.4.1).
 *
 * Invariants. Only request_start() decides what of the disk is touched, and before anything is. All
 * that may be written of a chain is written, if need be with zeros: so `written` holds for every
 * byte of it, and the status is always where it belongs.
 */
#include "strings.h"
#include "virtio_devices.h"

#define HEADER   ((uint32_t)sizeof(struct virtio_blk_header))
#define SEGMENTS (VIRTQUEUE_SIZE_MAX - 2) /* of data: header and status take a descriptor each */
#define BUDGET   (1u << 20)

static bool block_attach(struct virtio_device *device)
{
	const struct vm *vm = device->vm;
	const struct virtio_blk_config config = {
		.capacity = vm->disk_size / VIRTIO_BLK_SECTOR,
		.seg_max = SEGMENTS,
		.blk_size = VIRTIO_BLK_SECTOR,
	};

	memcpy(device->config, &config, sizeof(config));
	return vm->disk;
}

/* Are there as many sectors from there on? Neither side of a comparison can overflow. */
static bool range_is_good(const struct vm *vm, uint64_t sector, uint32_t bytes)
{
	uint32_t sectors = vm->disk_size / VIRTIO_BLK_SECTOR;

	return bytes % VIRTIO_BLK_SECTOR == 0 && sector <= sectors &&
	       bytes / VIRTIO_BLK_SECTOR <= sectors - (uint32_t)sector;
}

/* A new chain. False: it has no room for header and status. */
static bool request_start(struct virtio_device *device, const struct virtio_queue *queue)
{
	struct virtio_block *block = &device->vm->virtio->block;
	const struct virtqueue_chain *chain = &queue->chain;
	uint32_t bytes = chain->writable - 1;

	if (chain->readable < HEADER || chain->writable == 0) {
		virtio_refuse(
			device, "5.2.6", "a request has no header, or no place for its status");
		return false;
	}
	virtqueue_read(&queue->queue, chain, 0, &block->header, HEADER);
	block->status = VIRTIO_BLK_S_OK;
	block->out = 0;
	switch (block->header.type) {
	case VIRTIO_BLK_T_OUT:
		bytes = chain->readable - HEADER;
		block->out = bytes;
		/* fall through */
	case VIRTIO_BLK_T_IN:
		if (range_is_good(device->vm, block->header.sector, bytes))
			break;
		block->status = VIRTIO_BLK_S_IOERR;
		block->out = 0;
		break;
	case VIRTIO_BLK_T_FLUSH: /* the disk is memory: nothing is still on its way */
	case VIRTIO_BLK_T_GET_ID:
		break;
	default:
		block->status = VIRTIO_BLK_S_UNSUPP;
	}
	return true;
}

/* ---- data ---- */

/* What byte `at` of the writable ones and some behind it are: at most *size. */
static const uint8_t *data_in(const struct vm *vm, uint32_t at, uint32_t *size)
{
	static const uint8_t id[VIRTIO_BLK_ID_BYTES] = "ringfence", zeros[PAGE_SIZE];
	const struct virtio_block *block = &vm->virtio->block;
	const uint8_t *data = zeros;
	uint32_t bytes = sizeof(zeros);

	if (block->status == VIRTIO_BLK_S_OK && block->header.type == VIRTIO_BLK_T_IN)
		return vm->disk + (uint32_t)block->header.sector * VIRTIO_BLK_SECTOR + at;
	if (block->header.type == VIRTIO_BLK_T_GET_ID && at < sizeof(id)) {
		data = id + at;
		bytes = sizeof(id) - at;
	}
	if (*size > bytes)
		*size = bytes;
	return data;
}

/* Moves at most `budget` bytes, and returns how many. 0: all but the status is where it should be,
 * or there is no budget. */
static uint32_t request_move(struct vm *vm, struct virtio_queue *queue, uint32_t budget)
{
	const struct virtio_block *block = &vm->virtio->block;
	const struct virtqueue_chain *chain = &queue->chain;
	uint32_t out = block->out - queue->done, in = chain->writable - 1 - queue->written;
	uint32_t size = out ? out : in;

	if (size > budget)
		size = budget;
	if (out) {
		uint8_t *disk = vm->disk + (uint32_t)block->header.sector * VIRTIO_BLK_SECTOR;
		virtqueue_read(
			&queue->queue, chain, HEADER + queue->done, disk + queue->done, size);
		queue->done += size;
	} else if (size) {
		const uint8_t *data = data_in(vm, queue->written, &size);
		virtqueue_write(&queue->queue, chain, queue->written, data, size);
		queue->written += size;
	}
	return size;
}

static bool block_serve(struct virtio_device *device, struct virtio_queue *queue, uint32_t *budget)
{
	const struct virtio_block *block = &device->vm->virtio->block;
	const struct virtqueue_chain *chain = &queue->chain;
	uint32_t size;

	if (queue->done == 0 && queue->written == 0 && !request_start(device, queue))
		return false;
	while ((size = request_move(device->vm, queue, *budget)))
		*budget -= size;
	if (queue->done < block->out || queue->written + 1 < chain->writable)
		return false;
	virtqueue_write(&queue->queue, chain, queue->written++, &block->status, 1);
	return true;
}

const struct virtio_kind virtio_block = {
	.name = "block",
	.id = VIRTIO_ID_BLOCK,
	.irq = IRQ_VIRTIO_BLOCK,
	.queues = 1,
	.features = VIRTIO_FEATURE(VIRTIO_BLK_F_SEG_MAX) | VIRTIO_FEATURE(VIRTIO_BLK_F_BLK_SIZE) |
		    VIRTIO_FEATURE(VIRTIO_BLK_F_FLUSH),
	.budget = BUDGET,
	.attach = block_attach,
	.serve = block_serve,
};
