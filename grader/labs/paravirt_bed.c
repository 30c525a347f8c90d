/* SPDX-License-Identifier: BSD-2-Clause */
/* A virtqueue of the judge's in a guest's memory: paravirt_bed.h. VIRTIO 1.2, 2.7. */
#include "paravirt_bed.h"

#include "layout.h"
#include "monitor_layout.h"

#define MEBI 0x100000u

/* Where the tables lie: each in a part of the memory of its own. */
#define DESC_FROM     (1 * MEBI)
#define AVAIL_FROM    (2 * MEBI)
#define USED_FROM     (3 * MEBI)
#define INDIRECT_FROM (4 * MEBI)
#define DATA_FROM     (5 * MEBI)

/* ---- the guest ---- */

struct bed bed_open(unsigned megs)
{
	struct bed bed;
	char words[32];

	snprintf(words, sizeof(words), "virtio mem=%u", megs);
	bed.m = boot_several(&(struct boot_guest){guest_open("hello"), words}, 1);
	run_until(bed.m, monitor_symbol("vm_start"));
	bed.vm = memory_read_u32(bed.m, registers(bed.m)->esp + 4);
	bed.device = memory_read_u32(bed.m, bed.vm + VM_VIRTIO_OFFSET) + VIRTIO_ENTROPY_OFFSET;
	bed.queue = bed.device + VIRTIO_QUEUE_OFFSET;
	bed.chain = bed.device + VIRTIO_CHAIN_OFFSET;
	bed.memory = MONITOR_BASE + memory_read_u32(bed.m, bed.vm + VM_MEMORY_OFFSET);
	bed.limit = memory_read_u32(bed.m, bed.vm + VM_SIZE_OFFSET);
	bed.fresh = queue_read(&bed);
	return bed;
}

void bed_write(const struct bed *bed, uint32_t at, const void *data, size_t size)
{
	memory_write(bed->m, bed->memory + at, data, size);
}

void bed_read(const struct bed *bed, uint32_t at, void *data, size_t size)
{
	memory_read(bed->m, bed->memory + at, data, size);
}

struct monitor_queue queue_read(const struct bed *bed)
{
	struct monitor_queue queue;

	memory_read(bed->m, bed->queue, &queue, sizeof(queue));
	return queue;
}

bool queue_take(const struct bed *bed)
{
	return call(bed->m, "virtqueue_take", (uint32_t[]){bed->queue, bed->chain}, 2) & 1;
}

/* ---- drawing ---- */

unsigned size_draw(unsigned least)
{
	return 1u << (least + random_below(9 - least));
}

uint16_t index_draw(void)
{
	return random_below(3) ? (uint16_t)(0 - random_below(4)) : (uint16_t)random_u32();
}

/* Addresses of a table: now and then as far up as it can be. */
static uint32_t place_draw(uint32_t from, uint32_t bytes, uint32_t alignment)
{
	return (from + random_below(MEBI - bytes)) / alignment * alignment;
}

static uint32_t length_draw(void)
{
	switch (random_below(8)) {
	case 0:
		return 0;
	case 1:
		return 1;
	case 2:
		return random_below(MEBI);
	default:
		return 1 + random_below(600);
	}
}

static void piece_draw(const struct bed *bed, struct virtq_desc *desc, bool writable)
{
	uint32_t length = length_draw(), room = bed->limit - DATA_FROM - length;

	*desc = (struct virtq_desc){
		.addr = random_below(8) ? DATA_FROM + random_below(room) : bed->limit - length,
		.len = length,
		.flags = writable ? VIRTQ_DESC_F_WRITE : 0,
		.next = (uint16_t)random_u32(),
	};
}

/* `count` numbers below `limit`, none twice, and none that `used` has. */
static void numbers_draw(uint16_t *numbers, unsigned count, unsigned limit, bool *used)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned number = random_below(limit);
		while (used[number])
			number = (number + 1) % limit;
		used[number] = true;
		numbers[i] = (uint16_t)number;
	}
}

/* Links entries of a table, in the order of their numbers. */
static void link_all(struct virtq_desc *table, const uint16_t *numbers, unsigned count)
{
	for (unsigned i = 0; i + 1 < count; i++) {
		table[numbers[i]].flags |= VIRTQ_DESC_F_NEXT;
		table[numbers[i]].next = numbers[i + 1];
	}
}

/* The rest of a chain, from descriptor `direct` on, goes into a table of its own. */
static void indirect_draw(struct layout *layout, struct laid *laid, unsigned direct, uint16_t way,
	const struct virtq_desc *pieces)
{
	unsigned count = laid->count - direct;
	uint16_t numbers[VIRTQUEUE_SIZE_MAX + 1];
	bool used[ENTRIES_MAX] = {false};

	laid->entries = count + random_below(ENTRIES_MAX - count);
	laid->table_at = INDIRECT_FROM + (uint32_t)(laid - layout->laid) * 0x10000 +
			 random_below(0x10000 - sizeof(laid->table));
	for (unsigned i = 0; i < laid->entries; i++)
		laid->table[i] = (struct virtq_desc){.addr = random_u32(),
			.len = random_u32(),
			.flags = (uint16_t)random_below(8),
			.next = (uint16_t)random_u32()};
	numbers[0] = 0; /* a chain in it begins at its first entry */
	used[0] = true;
	numbers_draw(numbers + 1, count - 1, laid->entries, used);
	for (unsigned i = 0; i < count; i++) {
		laid->desc[direct + i] = &laid->table[numbers[i]];
		laid->table[numbers[i]] = pieces[direct + i];
	}
	link_all(laid->table, numbers, count);
	laid->way = &layout->desc[way];
	*laid->way = (struct virtq_desc){
		.addr = laid->table_at,
		.len = laid->entries * (uint32_t)sizeof(struct virtq_desc),
		/* WRITE means nothing there (2.7.5.3.2) */
		.flags = VIRTQ_DESC_F_INDIRECT | (random_below(2) ? VIRTQ_DESC_F_WRITE : 0),
		.next = (uint16_t)random_u32(),
	};
}

static void expect_piece(struct virtqueue_chain *expected, const struct virtq_desc *desc)
{
	if (desc->len == 0)
		return;
	expected->segment[expected->count++] =
		(struct virtqueue_segment){{(uint32_t)desc->addr}, desc->len};
	if (desc->flags & VIRTQ_DESC_F_WRITE) {
		expected->writable += desc->len;
	} else {
		expected->readable += desc->len;
		expected->readable_count++;
	}
}

/* A chain of `count` descriptors; where some are in an indirect table, the queue has one more. */
static void chain_draw(const struct bed *bed, struct layout *layout, struct laid *laid,
	unsigned count, bool indirect, bool *used)
{
	unsigned readable = random_below(count + 1);
	unsigned direct = indirect ? random_below(count) : count;
	struct virtq_desc pieces[VIRTQUEUE_SIZE_MAX] = {{0}};
	uint16_t numbers[VIRTQUEUE_SIZE_MAX];

	memset(laid, 0, sizeof(*laid));
	laid->count = count;
	numbers_draw(numbers, direct + indirect, layout->queue.size, used);
	laid->expected.head = numbers[0];
	for (unsigned i = 0; i < count; i++) {
		piece_draw(bed, &pieces[i], i >= readable);
		expect_piece(&laid->expected, &pieces[i]);
	}
	for (unsigned i = 0; i < direct; i++) {
		laid->desc[i] = &layout->desc[numbers[i]];
		layout->desc[numbers[i]] = pieces[i];
	}
	if (indirect)
		indirect_draw(layout, laid, direct, numbers[direct], pieces);
	link_all(layout->desc, numbers, direct + indirect);
}

static void tables_draw(const struct bed *bed, struct layout *layout, unsigned size)
{
	struct monitor_queue *queue = &layout->queue;

	*queue = bed->fresh;
	queue->ready = true;
	queue->size = size;
	queue->desc = place_draw(DESC_FROM, VIRTQ_DESC_BYTES(size), 16);
	queue->avail = place_draw(AVAIL_FROM, VIRTQ_AVAIL_BYTES(size), 2);
	queue->used_ring = random_below(4) ? place_draw(USED_FROM, VIRTQ_USED_BYTES(size), 4)
					   : (bed->limit - VIRTQ_USED_BYTES(size)) / 4 * 4;
	queue->event_index = random_below(2);
	queue->indirect = random_below(2);
	queue->taken = index_draw();
	queue->used = queue->told = (uint16_t)(queue->taken - random_below(size + 1));
	for (size_t i = 0; i < sizeof(layout->desc); i++)
		((uint8_t *)layout->desc)[i] = (uint8_t)random_u32();
	for (size_t i = 0; i < sizeof(layout->avail) / sizeof(layout->avail[0]); i++)
		layout->avail[i] = (uint16_t)random_u32();
	for (size_t i = 0; i < sizeof(layout->used) / sizeof(layout->used[0]); i++)
		layout->used[i] = (uint16_t)random_u32();
	*used_index(layout) = queue->used;
}

void layout_draw(const struct bed *bed, struct layout *layout, unsigned size, unsigned chains)
{
	bool used[VIRTQUEUE_SIZE_MAX] = {false};
	unsigned left = size;

	tables_draw(bed, layout, size);
	for (layout->chains = 0; layout->chains < chains && left > 0; layout->chains++) {
		struct laid *laid = &layout->laid[layout->chains];
		bool indirect = layout->queue.indirect && left > 1 && random_below(2);
		unsigned most = random_below(4) ? (left + 3) / 4 : left;
		unsigned count = random_below(4) ? 1 + random_below(most) : most;
		if (indirect && count == left)
			count--;
		chain_draw(bed, layout, laid, count, indirect, used);
		left -= count + indirect;
		*avail_entry(layout, (uint16_t)(layout->queue.taken + layout->chains)) =
			laid->expected.head;
	}
	*avail_index(layout) = (uint16_t)(layout->queue.taken + layout->chains);
}

void layout_write(const struct bed *bed, const struct layout *layout)
{
	const struct monitor_queue *queue = &layout->queue;
	uint32_t none = 0;

	bed_write(bed, queue->desc, layout->desc, VIRTQ_DESC_BYTES(queue->size));
	bed_write(bed, queue->avail, layout->avail, VIRTQ_AVAIL_BYTES(queue->size));
	bed_write(bed, queue->used_ring, layout->used, VIRTQ_USED_BYTES(queue->size));
	for (unsigned i = 0; i < layout->chains; i++)
		if (layout->laid[i].way)
			bed_write(bed, layout->laid[i].table_at, layout->laid[i].table,
				layout->laid[i].entries * sizeof(struct virtq_desc));
	memory_write(bed->m, bed->queue, queue, sizeof(*queue));
	memory_write(bed->m, bed->device + VIRTIO_STATUS_OFFSET, &none, sizeof(none));
}

/* ---- comparing ---- */

static void assert_same(const struct bed *bed, uint32_t at, const void *want, size_t size,
	const char *what, const char *table)
{
	uint8_t got[VIRTQ_DESC_BYTES(VIRTQUEUE_SIZE_MAX)];

	bed_read(bed, at, got, size);
	for (size_t i = 0; i < size; i++)
		ck_assert_msg(got[i] == ((const uint8_t *)want)[i],
			"%s: byte %zu of the %s is %02x; it should be %02x", what, i, table, got[i],
			((const uint8_t *)want)[i]);
}

void layout_assert_untouched(const struct bed *bed, const struct layout *layout, const char *what)
{
	const struct monitor_queue *queue = &layout->queue;

	assert_same(bed, queue->desc, layout->desc, VIRTQ_DESC_BYTES(queue->size), what,
		"descriptor table");
	assert_same(bed, queue->avail, layout->avail, VIRTQ_AVAIL_BYTES(queue->size), what,
		"available ring");
	assert_same(bed, queue->used_ring, layout->used, VIRTQ_USED_BYTES(queue->size), what,
		"used ring");
}

void assert_taken(const struct bed *bed, const struct layout *layout, const struct laid *laid)
{
	const struct virtqueue_chain *want = &laid->expected;
	struct virtqueue_chain got;

	memory_read(bed->m, bed->chain, &got, sizeof(got));
	ck_assert_msg(got.head == want->head,
		"virtqueue_take() takes the chain from descriptor %u; in the available ring stands %u (a queue of %u, index %u)",
		got.head, want->head, layout->queue.size, layout->queue.taken);
	ck_assert_msg(got.count == want->count && got.readable_count == want->readable_count,
		"a chain of %u descriptors%s has %u segments, of which %u are to be read; virtqueue_take() says %u and %u",
		laid->count, laid->way ? " (some in an indirect table)" : "", want->count,
		want->readable_count, got.count, got.readable_count);
	ck_assert_msg(got.readable == want->readable && got.writable == want->writable,
		"a chain has %u bytes to be read and %u to be written; virtqueue_take() says %u and %u",
		want->readable, want->writable, got.readable, got.writable);
	for (unsigned i = 0; i < want->count; i++)
		ck_assert_msg(got.segment[i].address.raw == want->segment[i].address.raw &&
				      got.segment[i].length == want->segment[i].length,
			"segment %u of a chain is %u bytes at %08x; virtqueue_take() says %u at %08x",
			i, want->segment[i].length, want->segment[i].address.raw,
			got.segment[i].length, got.segment[i].address.raw);
}
