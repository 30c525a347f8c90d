/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The disk by virtio, with the driver that this guest is linked with: as many requests as the queue
 * has room for, then one word to the device.
 *
 * Interrupts are on only while the guest sleeps.
 */
#include "blocks.h"
#include "kernel.h"
#include "virtio/virtio_guest.h"

#define BASE  0x20     /* vector of IRQ 0 */
#define POLLS 50000000 /* far longer than any device takes */

static struct virtio_blk blk;
static struct virtio_blk_rings rings;
static struct virtio_device device;
static struct virtio_blk_request requests[QUEUED];
static uint32_t in_flight;
static volatile bool interrupted;

static void on_interrupt(struct frame *frame)
{
	(void)frame;
	if (virtio_acknowledge(&device) & VIRTIO_INTERRUPT_USED) {
		interrupted = true;
		blocks_results.interrupts++;
	}
	pic_end(device.irq);
}

/* Takes what the device has given back. */
static void take_all(void)
{
	struct virtio_blk_request *request;

	while ((request = virtio_blk_next(&blk))) {
		struct transfer *transfer = request->owner;

		transfer->failed = request->status != VIRTIO_BLK_S_OK;
		in_flight--;
	}
}

static void wait_polling(void)
{
	for (uint32_t i = 0; in_flight > 0; i++) {
		take_all();
		if (i == POLLS) {
			console_printf("blocks: the device does not answer\n");
			power_off();
		}
	}
}

static void wait_sleeping(void)
{
	while (in_flight > 0) {
		while (!interrupted) {
			interrupt_wait();
			interrupts_disable();
		}
		interrupted = false;
		take_all();
		if (!virtio_blk_want_interrupt(&blk, true))
			interrupted = true; /* more has come: as good as one */
	}
}

static void wait_for_all(bool by_interrupt)
{
	virtio_blk_tell(&blk);
	if (by_interrupt)
		wait_sleeping();
	else
		wait_polling();
}

static void request_fill(struct virtio_blk_request *request, struct transfer *transfer)
{
	static const uint32_t types[] = {[TRANSFER_READ] = VIRTIO_BLK_T_IN,
		[TRANSFER_WRITE] = VIRTIO_BLK_T_OUT,
		[TRANSFER_FLUSH] = VIRTIO_BLK_T_FLUSH};

	*request = (struct virtio_blk_request){
		.type = types[transfer->kind],
		.sector = transfer->sector,
		.data = transfer->data,
		.bytes = transfer->count * SECTOR_SIZE,
		.owner = transfer,
	};
}

static void virtio_transfer(struct transfer *transfers, uint32_t count, bool by_interrupt)
{
	virtio_blk_want_interrupt(&blk, by_interrupt);
	for (uint32_t i = 0; i < count; i++) {
		if (transfers[i].kind == TRANSFER_FLUSH && !virtio_has(&device, VIRTIO_BLK_F_FLUSH))
			continue; /* then all that is written is on the disk */
		request_fill(&requests[i], &transfers[i]);
		if (!virtio_blk_submit(&blk, &requests[i])) {
			wait_for_all(by_interrupt);
			virtio_blk_submit(&blk, &requests[i]);
		}
		in_flight++;
	}
	wait_for_all(by_interrupt);
}

bool virtio_open(struct driver *driver, const char *command_line, uint32_t size, bool events)
{
	uint64_t wanted = VIRTIO_FEATURE(VIRTIO_BLK_F_FLUSH) |
			  (events ? VIRTIO_FEATURE(VIRTIO_F_EVENT_IDX) : 0);
	enum virtio_outcome outcome =
		virtio_blk_find(&blk, &device, command_line, &rings, size, wanted);

	if (outcome != VIRTIO_FOUND && outcome != VIRTIO_ABSENT)
		console_printf("blocks: the device %s\n", virtio_outcome_text(outcome));
	if (outcome != VIRTIO_FOUND)
		return false;
	handler_set((uint8_t)(BASE + device.irq), on_interrupt);
	pic_init(BASE, BASE + 8);
	pic_mask((uint16_t) ~(1u << device.irq | 1u << 2));
	blocks_results.by_virtio = 1;
	blocks_results.descriptors = blk.size;
	blocks_results.events = blk.event_index;
	*driver = (struct driver){
		.name = "virtio", .sectors = (uint32_t)blk.sectors, .transfer = virtio_transfer};
	return true;
}
