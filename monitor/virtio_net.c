/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network device (VIRTIO 1.2, 5.1): Ethernet frames, one in a chain, each behind a header that
 * says nothing here, since nothing is offloaded. Where frames go is the wire's business.
 *
 * Invariant: a frame that arrives only waits. It is copied into its guest's memory when that guest
 * runs, in the device's work: so no guest's memory is written while another one's tables are in
 * use.
 */
#include "machine.h"
#include "strings.h"
#include "virtio_devices.h"

#define HEADER ((uint32_t)sizeof(struct virtio_net_header))
#define BUDGET (64u * NET_FRAME_MAX)

static bool net_attach(struct virtio_device *device)
{
	const struct virtio_net_config config = {
		.mac = {0x52, 0x54, 0x00, 0x52, 0x46, (uint8_t)device->vm->number},
		.status = VIRTIO_NET_S_LINK_UP,
	};

	memcpy(device->config, &config, sizeof(config));
	return true;
}

/* ---- sending ---- */

/* False: the header asks for something that was not negotiated. */
static bool header_is_good(const struct virtio_queue *queue)
{
	struct virtio_net_header header;

	return virtqueue_read(&queue->queue, &queue->chain, 0, &header, HEADER) == HEADER &&
	       header.flags == 0 && header.gso_type == 0;
}

static bool net_send(struct virtio_device *device, struct virtio_queue *queue, uint32_t *budget)
{
	struct net_frame *frame = &device->vm->virtio->net.sent;
	uint32_t length = queue->chain.readable - HEADER;

	if (!header_is_good(queue)) {
		virtio_refuse(device, "5.1.6.2",
			"a frame has no header, or one that wants what was not negotiated");
		return false;
	}
	if (length >= NET_FRAME_MIN && length <= NET_FRAME_MAX) { /* others get lost */
		virtqueue_read(&queue->queue, &queue->chain, HEADER, frame->bytes, length);
		wire_send(device->vm, frame->bytes, length);
	}
	*budget -= *budget < NET_FRAME_MAX ? *budget : NET_FRAME_MAX;
	return true;
}

/* ---- receiving ---- */

bool virtio_net_receive(struct vm *to, const uint8_t *bytes, uint32_t length)
{
	struct virtio *virtio = to->virtio;

	if (!virtio || virtio->net.count == NET_WAITING || length > NET_FRAME_MAX)
		return false;
	struct virtio_net *net = &virtio->net;
	struct net_frame *frame = &net->waiting[(net->first + net->count++) % NET_WAITING];
	frame->length = length;
	memcpy(frame->bytes, bytes, length);
	virtio->device[VIRTIO_NET].deadline = clock_now();
	vm_deadline_changed(to);
	return true;
}

static bool net_receive(struct virtio_device *device, struct virtio_queue *queue, uint32_t *budget)
{
	static const struct virtio_net_header header = {.num_buffers = 1};
	struct virtio_net *net = &device->vm->virtio->net;
	const struct net_frame *frame = &net->waiting[net->first];

	if (queue->chain.readable || queue->chain.writable < HEADER + frame->length) {
		virtio_refuse(device, "5.1.6.3.1",
			"a buffer for frames has some bytes to be read, or too few in all");
		return false;
	}
	virtqueue_write(&queue->queue, &queue->chain, 0, &header, HEADER);
	virtqueue_write(&queue->queue, &queue->chain, HEADER, frame->bytes, frame->length);
	queue->written = HEADER + frame->length;
	net->first = (net->first + 1) % NET_WAITING;
	net->count--;
	*budget -= *budget < NET_FRAME_MAX ? *budget : NET_FRAME_MAX;
	return true;
}

static bool net_wants(const struct virtio_device *device, unsigned queue)
{
	return queue == VIRTIO_SEND || device->vm->virtio->net.count;
}

static bool net_serve(struct virtio_device *device, struct virtio_queue *queue, uint32_t *budget)
{
	return queue->queue.number == VIRTIO_SEND ? net_send(device, queue, budget)
						  : net_receive(device, queue, budget);
}

const struct virtio_kind virtio_net = {
	.name = "network",
	.id = VIRTIO_ID_NET,
	.irq = IRQ_VIRTIO_NET,
	.queues = 2,
	.features = VIRTIO_FEATURE(VIRTIO_NET_F_MAC) | VIRTIO_FEATURE(VIRTIO_NET_F_STATUS),
	.budget = BUDGET,
	.attach = net_attach,
	.wants = net_wants,
	.serve = net_serve,
};
