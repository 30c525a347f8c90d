/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver for the virtio block device (VIRTIO 1.2, 2.7 and 5.2) that does what a plan says:
 * requests whose parts are cut anywhere, in descriptors of any order, in indirect tables or not,
 * many at a time. It judges nothing: what came is left in memory, and on the disk.
 *
 * Header, data and status are one string of bytes for each direction; pieces of it lie in memory
 * with gaps between them, which must stay what they are.
 */
#include "requests.h"
#include "kernel.h"
#include "random.h"
#include "virtio/virtio_guest.h"

#define GAP        5
#define GAP_BYTE   0xa5
#define DESC_MAX   256
#define CHAIN_MAX  (2 * PIECES_MAX + 2) /* descriptors of one request, at most */
#define SLOT_BYTES (DATA_MAX + 64 + CHAIN_MAX * GAP)
#define POLLS      2000000

SEEDED struct request_plan requests_plan[REQUESTS_MAX];
SEEDED uint32_t requests_count;
SEEDED uint32_t requests_size = 64; /* of the queue */
SEEDED uint32_t requests_events, requests_indirect;
SEEDED uint32_t requests_start; /* both indices begin there */

struct request_outcome requests_outcome[REQUESTS_MAX];
uint32_t requests_done;

/* One request on its way. */
struct slot {
	const volatile struct request_plan *plan;
	uint32_t number, pieces;
	struct {
		uint8_t *at;
		uint32_t length;
		bool writable;
	} piece[CHAIN_MAX];
	struct virtq_desc table[CHAIN_MAX] __attribute__((aligned(16)));
	uint8_t memory[SLOT_BYTES];
};

static struct slot slots[REQUESTS_MAX];
static struct virtio_blk_rings rings;
static struct virtio_device device;
static struct slot *owner[DESC_MAX]; /* by the head of its chain */
static bool busy[DESC_MAX];
static uint16_t added, seen;
static unsigned size;

static volatile struct virtq_avail *avail(void)
{
	return (volatile struct virtq_avail *)rings.avail;
}

static volatile struct virtq_used *used(void)
{
	return (volatile struct virtq_used *)rings.used;
}

/* The judge stops here, and sets the device's counters too. */
__attribute__((noinline)) void requests_begin(void)
{
	__asm__ volatile("" : : : "memory");
}

/* ---- pieces ---- */

/* What the device reads: the header, and data to be written. */
static void stream_fill(const struct slot *slot, uint8_t *bytes)
{
	const volatile struct request_plan *plan = slot->plan;
	struct virtio_blk_header header = {plan->type, 0, plan->sector};

	memcpy(bytes, &header, sizeof(header));
	if (plan->type != VIRTIO_BLK_T_OUT)
		return;
	random_seed(plan->seed);
	for (uint32_t i = 0; i < plan->bytes; i++)
		bytes[sizeof(header) + i] = (uint8_t)random_u32();
}

/* Cuts a string of bytes into pieces, behind those that are there. */
static uint8_t *pieces_cut(struct slot *slot, uint8_t *at, uint32_t bytes, bool writable)
{
	unsigned most = 1 + random_below(PIECES_MAX);

	for (unsigned n = 1; bytes > 0; n++) {
		uint32_t length = n >= most ? bytes : 1 + random_below(bytes);
		at += 1 + random_below(GAP);
		slot->piece[slot->pieces].at = at;
		slot->piece[slot->pieces].length = length;
		slot->piece[slot->pieces++].writable = writable;
		at += length;
		bytes -= length;
	}
	return at;
}

static void slot_fill(struct slot *slot)
{
	static uint8_t stream[DATA_MAX + sizeof(struct virtio_blk_header)];
	const volatile struct request_plan *plan = slot->plan;
	uint32_t out = plan->type == VIRTIO_BLK_T_OUT ? plan->bytes : 0;
	const uint8_t *from = stream;
	uint8_t *at;

	stream_fill(slot, stream);
	memset(slot->memory, GAP_BYTE, sizeof(slot->memory));
	slot->pieces = 0;
	random_seed(plan->seed + 1);
	at = pieces_cut(slot, slot->memory, sizeof(struct virtio_blk_header) + out, false);
	for (uint32_t i = 0; i < slot->pieces; i++) {
		memcpy(slot->piece[i].at, from, slot->piece[i].length);
		from += slot->piece[i].length;
	}
	pieces_cut(slot, at, plan->bytes - out + 1, true);
}

/* ---- descriptors ---- */

static uint16_t descriptor_find(void)
{
	unsigned n = random_below(size);

	while (busy[n])
		n = (n + 1) % size;
	busy[n] = true;
	return (uint16_t)n;
}

static unsigned descriptors_free(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < size; i++)
		count += !busy[i];
	return count;
}

static void descriptor_set(struct virtq_desc *desc, const struct slot *slot, uint32_t piece)
{
	*desc = (struct virtq_desc){
		.addr = (uintptr_t)slot->piece[piece].at,
		.len = slot->piece[piece].length,
		.flags = slot->piece[piece].writable ? VIRTQ_DESC_F_WRITE : 0,
	};
}

static uint16_t lay_indirect(struct slot *slot)
{
	uint16_t head = descriptor_find();

	for (uint32_t i = 0; i < slot->pieces; i++) {
		descriptor_set(&slot->table[i], slot, i);
		if (i + 1 < slot->pieces)
			slot->table[i].flags |= VIRTQ_DESC_F_NEXT;
		slot->table[i].next = (uint16_t)(i + 1);
	}
	rings.desc[head] = (struct virtq_desc){
		.addr = (uintptr_t)slot->table,
		.len = slot->pieces * (uint32_t)sizeof(struct virtq_desc),
		.flags = VIRTQ_DESC_F_INDIRECT,
	};
	return head;
}

static uint16_t lay_chain(struct slot *slot)
{
	uint16_t head = descriptor_find(), at = head;

	for (uint32_t i = 0; i < slot->pieces; i++) {
		descriptor_set(&rings.desc[at], slot, i);
		if (i + 1 == slot->pieces)
			break;
		uint16_t next = descriptor_find();
		rings.desc[at].flags |= VIRTQ_DESC_F_NEXT;
		rings.desc[at].next = next;
		at = next;
	}
	return head;
}

static void chain_free(uint16_t head)
{
	owner[head] = NULL;
	while (rings.desc[head].flags & VIRTQ_DESC_F_NEXT) {
		busy[head] = false;
		head = rings.desc[head].next;
	}
	busy[head] = false;
}

/* ---- what comes back ---- */

static void outcome_note(const struct slot *slot, uint32_t written)
{
	struct request_outcome *outcome = &requests_outcome[slot->number];
	const uint8_t *last = NULL, *at = slot->memory;
	uint32_t sum = 0, left = slot->plan->type == VIRTIO_BLK_T_OUT ? 0 : slot->plan->bytes;

	for (uint32_t i = 0; i < slot->pieces; i++) {
		for (; at < slot->piece[i].at; at++)
			outcome->spilled += *at != GAP_BYTE;
		for (uint32_t n = 0; n < slot->piece[i].length; n++, at++) {
			last = at;
			if (slot->piece[i].writable && left > 0) {
				sum = sum * 31 + *at;
				left--;
			}
		}
	}
	for (; at < slot->memory + sizeof(slot->memory); at++)
		outcome->spilled += *at != GAP_BYTE;
	outcome->status = *last;
	outcome->written = written;
	outcome->sum = sum;
	outcome->order = requests_done++;
}

static bool wait_for_all(void)
{
	for (uint32_t polls = 0; seen != added; polls++) {
		if (polls == POLLS)
			return false;
		if (used()->idx == seen)
			continue;
		uint32_t head = used()->ring[seen % size].id,
			 written = used()->ring[seen % size].len;
		seen++;
		if (head >= size || !owner[head])
			return false;
		outcome_note(owner[head], written);
		chain_free((uint16_t)head);
	}
	return true;
}

/* With the event index it is told only where it wants to be. */
static void tell(uint16_t before)
{
	uint16_t event = (uint16_t)used()->ring[size].id, count = (uint16_t)(added - before);

	if (!requests_events || (uint16_t)(added - event - 1) < count)
		device.registers[VIRTIO_MMIO_QUEUE_NOTIFY / 4] = 0;
}

static void requests_perform(void)
{
	uint16_t told = added;

	for (uint32_t i = 0; i < requests_count; i++) {
		struct slot *slot = &slots[i];
		slot->plan = &requests_plan[i];
		slot->number = i;
		slot_fill(slot);
		bool indirect = slot->plan->indirect && requests_indirect;
		if (descriptors_free() < (indirect ? 1 : slot->pieces)) {
			tell(told);
			told = added;
			if (!wait_for_all())
				return;
		}
		uint16_t head = indirect ? lay_indirect(slot) : lay_chain(slot);
		owner[head] = slot;
		avail()->ring[added++ % size] = head;
		virtio_blk_barrier();
		avail()->idx = added;
		virtio_blk_barrier();
		if (!slot->plan->tell && i + 1 < requests_count)
			continue;
		tell(told);
		told = added;
		if (!wait_for_all())
			return;
	}
}

/* ---- the device ---- */

static bool device_open(const char *words)
{
	uint64_t wanted = (requests_events ? VIRTIO_FEATURE(VIRTIO_F_EVENT_IDX) : 0) |
			  (requests_indirect ? VIRTIO_FEATURE(VIRTIO_F_INDIRECT_DESC) : 0) |
			  VIRTIO_FEATURE(VIRTIO_BLK_F_FLUSH);

	if (virtio_begin(&device, words, VIRTIO_ID_BLOCK, wanted) != VIRTIO_FOUND)
		return false;
	size = virtio_queue_begin(&device, 0, requests_size, rings.desc, rings.avail, rings.used);
	virtio_run(&device);
	return size == requests_size;
}

void kernel_main(uint32_t info)
{
	if (!device_open(command_line(info))) {
		console_printf("requests: there is no virtio block device\n");
		return;
	}
	requests_begin();
	added = seen = (uint16_t)requests_start;
	used()->idx = added;
	used()->ring[size].id = added;               /* avail_event */
	avail()->ring[size] = (uint16_t)(added - 1); /* used_event: no interrupts */
	avail()->flags = VIRTQ_AVAIL_F_NO_INTERRUPT;
	avail()->idx = added;
	requests_perform();
	console_printf("requests: %u of %u have come back\n", requests_done, requests_count);
}
