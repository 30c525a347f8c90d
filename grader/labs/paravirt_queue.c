/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 5, graded tests of virtqueue.c alone: its functions are called from outside, with queues that
 * the judge has laid out in a guest's memory (paravirt_bed.h). Here the driver keeps to the rules.
 */
#include "paravirt_bed.h"
#include "paravirt_virtio.h"

#include "monitor_layout.h"

#define MEGS   8
#define QUEUES 24
#define GIVEN  24
#define ASKED  60

static struct layout layout;

/* ---- virtqueue_take() ---- */

START_TEST(chains_are_taken_as_the_driver_has_laid_them)
{
	struct bed bed = bed_open(MEGS);

	hint("Segments are what descriptors name, in their order; a descriptor of no bytes is none. An index is taken modulo the queue's size only where a ring is looked into. Behind normal descriptors an indirect table may come.");
	for (int i = 0; i < QUEUES; i++) {
		unsigned size = i < 9 ? 1u << i : size_draw(0);
		layout_draw(&bed, &layout, size, CHAINS_MAX);
		layout_write(&bed, &layout);
		for (unsigned c = 0; c < layout.chains; c++) {
			ck_assert_msg(queue_take(&bed),
				"virtqueue_take() takes no chain where %u wait (queue of %u, index %u). The log:\n%s",
				layout.chains - c, layout.queue.size, layout.queue.taken,
				monitor_log(bed.m));
			assert_taken(&bed, &layout, &layout.laid[c]);
		}
		ck_assert_msg(!queue_take(&bed),
			"virtqueue_take() takes a chain where none waits (queue of %u, index %u)",
			layout.queue.size, layout.queue.taken);
		uint16_t want = (uint16_t)(layout.queue.taken + layout.chains);
		struct monitor_queue after = queue_read(&bed);
		ck_assert_msg(!after.refused && after.taken == want,
			"%u chains are taken from %u on, and `taken` is %u", layout.chains,
			layout.queue.taken, after.taken);
		ck_assert_msg(after.used == layout.queue.used && after.told == layout.queue.told,
			"virtqueue_take() changes `used` or `told`");
		if (layout.queue.event_index)
			*avail_event(&layout) = want;
		layout_assert_untouched(&bed, &layout, "after virtqueue_take() has found no more");
	}
}
END_TEST

/* Descriptors that the driver changes as soon as they have been read: what was read counts. */
static struct taint {
	uint32_t at, size;
} read[2 * VIRTQUEUE_SIZE_MAX + 16];
static unsigned reads;

static bool within(uint32_t at, uint32_t size, uint32_t from, uint32_t bytes)
{
	return at < from + bytes && from < at + size;
}

/* Is it a descriptor, or an entry of the ring? Then it is read once. */
static bool is_read_once(uint32_t at, uint32_t size)
{
	const struct monitor_queue *queue = &layout.queue;

	if (within(at, size, queue->desc, VIRTQ_DESC_BYTES(queue->size)) ||
		within(at, size, queue->avail + 4, 2 * queue->size))
		return true;
	for (unsigned c = 0; c < layout.chains; c++)
		if (layout.laid[c].way &&
			within(at, size, layout.laid[c].table_at, layout.laid[c].entries * 16))
			return true;
	return false;
}

/* The driver's other processor: what has been read so far is something else from now on. */
static void taint_all(const struct bed *bed)
{
	static const uint8_t harm[VIRTQ_DESC_BYTES(VIRTQUEUE_SIZE_MAX)];

	for (unsigned i = 0; i < reads; i++)
		bed_write(bed, read[i].at, harm, read[i].size);
	reads = 0;
}

static bool take_while_it_changes(const struct bed *bed)
{
	uint32_t stops[] = {monitor_symbol("vm_read")}, frame[5];

	reads = 0;
	call_begin(bed->m, "virtqueue_take", (uint32_t[]){bed->queue, bed->chain}, 2);
	while (call_run(bed->m, stops, 1) == 0) {
		memory_read(bed->m, registers(bed->m)->esp, frame, sizeof(frame));
		taint_all(bed);
		if (!is_read_once(frame[2], frame[4]) || frame[4] > 16)
			continue;
		read[reads++] = (struct taint){frame[2], frame[4]};
	}
	return call_end(bed->m) & 1;
}

START_TEST(descriptors_that_change_while_they_are_looked_at_are_read_once)
{
	struct bed bed = bed_open(MEGS);

	hint("Copy a descriptor, check the copy and use the copy. A flag that is read again may be another one.");
	for (int i = 0; i < QUEUES / 2; i++) {
		layout_draw(&bed, &layout, size_draw(2), 1);
		layout_write(&bed, &layout);
		ck_assert_msg(take_while_it_changes(&bed),
			"a driver changes each descriptor as soon as it has been read; virtqueue_take() does not take the chain that was there. The log:\n%s",
			monitor_log(bed.m));
		assert_taken(&bed, &layout, &layout.laid[0]);
	}
}
END_TEST

START_TEST(a_chain_that_comes_just_before_the_wish_is_taken)
{
	struct bed bed = bed_open(MEGS);
	uint32_t stop = monitor_symbol("vm_write"), frame[5];

	hint("Whoever asks to be told looks once more, afterwards.");
	for (int i = 0; i < 6; i++) {
		bool wished = false;
		layout_draw(&bed, &layout, size_draw(1), 1);
		layout.queue.event_index = true;
		*avail_index(&layout) = layout.queue.taken;
		*avail_event(&layout) = (uint16_t)(layout.queue.taken - 1);
		layout_write(&bed, &layout);
		call_begin(bed.m, "virtqueue_take", (uint32_t[]){bed.queue, bed.chain}, 2);
		while (call_run(bed.m, &stop, 1) == 0) {
			memory_read(bed.m, registers(bed.m)->esp, frame, sizeof(frame));
			uint32_t event = layout.queue.used_ring + 4 + 8 * layout.queue.size;
			if (frame[2] != event)
				continue;
			wished = true;
			*avail_index(&layout) = (uint16_t)(layout.queue.taken + 1);
			bed_write(&bed, layout.queue.avail, layout.avail, 4);
		}
		bool taken = call_end(bed.m) & 1;
		ck_assert_msg(
			wished, "nothing waits, and virtqueue_take() does not write avail_event");
		ck_assert_msg(taken,
			"the driver adds a chain just before avail_event is written, and does not tell: virtqueue_take() says that there is none");
		assert_taken(&bed, &layout, &layout.laid[0]);
	}
}
END_TEST

/* ---- virtqueue_give() ---- */

/* Gives a chain back, and looks at each write that the index comes last. */
static void give(const struct bed *bed, uint16_t head, uint32_t written)
{
	uint32_t stop = monitor_symbol("vm_write"), frame[5], element[2];
	uint32_t place = 4 + 8 * (layout.queue.used % layout.queue.size);
	uint16_t index;

	call_begin(bed->m, "virtqueue_give", (uint32_t[]){bed->queue, head, written}, 3);
	while (call_run(bed->m, &stop, 1) == 0) {
		memory_read(bed->m, registers(bed->m)->esp, frame, sizeof(frame));
		if (!within(frame[2], frame[4], layout.queue.used_ring + 2, 2))
			continue;
		memory_read(bed->m, frame[3], &index, sizeof(index));
		bed_read(bed, layout.queue.used_ring + place, element, sizeof(element));
		ck_assert_msg(element[0] == head && element[1] == written,
			"virtqueue_give() writes the used ring's index while the element that it covers is not there yet");
	}
	call_end(bed->m);
}

START_TEST(chains_are_given_back_before_the_index_says_so)
{
	struct bed bed = bed_open(MEGS);

	hint("An element of the used ring is the head of the chain and how many bytes were written; its place is `used` modulo the queue's size, and the index comes last.");
	for (int i = 0; i < GIVEN; i++) {
		layout_draw(&bed, &layout, size_draw(0), 1);
		layout_write(&bed, &layout);
		for (unsigned n = 1 + random_below(3); n > 0; n--) {
			uint16_t head = (uint16_t)random_below(layout.queue.size);
			uint32_t written = random_u32(),
				 place = layout.queue.used % layout.queue.size;
			give(&bed, head, written);
			memcpy(&layout.used[2 + 4 * place], (uint32_t[]){head, written}, 8);
			layout.queue.used++;
			*used_index(&layout) = layout.queue.used;
			struct monitor_queue after = queue_read(&bed);
			ck_assert_msg(after.used == layout.queue.used &&
					      after.taken == layout.queue.taken &&
					      after.told == layout.queue.told,
				"virtqueue_give() makes `used` %u, `taken` %u and `told` %u; they should be %u, %u and %u",
				after.used, after.taken, after.told, layout.queue.used,
				layout.queue.taken, layout.queue.told);
		}
		layout_assert_untouched(&bed, &layout, "after virtqueue_give()");
	}
}
END_TEST

/* ---- who is told ---- */

static bool must_tell(const struct bed *bed)
{
	return call(bed->m, "virtqueue_must_tell", &bed->queue, 1) & 1;
}

/* One question: some chains were given back since the last, and the driver waits for one. */
static void ask(const struct bed *bed, bool event_index)
{
	uint16_t given = (uint16_t)(random_below(4) ? random_below(layout.queue.size + 1) : 0),
		 before = index_draw(), flags = (uint16_t)random_below(2);
	uint16_t event = (uint16_t)(before + random_below(given + 4u) - 2);
	bool far = random_below(6) == 0;

	if (far)
		event = (uint16_t)(before + random_u32());
	layout.queue.event_index = event_index;
	layout.queue.told = before;
	layout.queue.used = (uint16_t)(before + given);
	layout.avail[0] = flags;
	*used_event(&layout) = event;
	*avail_event(&layout) = (uint16_t)random_u32();
	*used_index(&layout) = layout.queue.used;
	memory_write(bed->m, bed->queue, &layout.queue, sizeof(layout.queue));
	bed_write(bed, layout.queue.avail, layout.avail, 4);
	bed_write(bed, layout.queue.avail + 4 + 2 * layout.queue.size, &event, 2);
	bed_write(bed, layout.queue.used_ring, layout.used, 4);
	bed_write(bed, layout.queue.used_ring + 4 + 8 * layout.queue.size, avail_event(&layout), 2);

	bool want = event_index ? (uint16_t)(event - before) < given
				: given > 0 && !(flags & VIRTQ_AVAIL_F_NO_INTERRUPT);
	bool got = must_tell(bed);
	if (event_index)
		ck_assert_msg(got == want,
			"elements %u to before %u were given back, used_event is %u (a queue of %u): virtqueue_must_tell() says %s",
			before, layout.queue.used, event, layout.queue.size, got ? "yes" : "no");
	ck_assert_msg(got == want,
		"%u chains were given back, the available ring's flags are %u: virtqueue_must_tell() says %s",
		given, flags, got ? "yes" : "no");
	ck_assert_msg(!must_tell(bed),
		"virtqueue_must_tell() says yes a second time, and nothing was given back in between");
}

START_TEST(the_driver_is_told_when_it_wants_to_be)
{
	struct bed bed = bed_open(MEGS);

	hint("Draw the three numbers on a circle. used_event lies behind the available ring.");
	layout_draw(&bed, &layout, size_draw(2), 1);
	layout_write(&bed, &layout);
	for (int i = 0; i < ASKED; i++)
		ask(&bed, i % 3 != 0);
}
END_TEST

START_TEST(a_device_at_work_need_not_be_told)
{
	struct bed bed = bed_open(MEGS);

	hint("VIRTQ_USED_F_NO_NOTIFY stands in the used ring's flags, and only where there is no event index.");
	for (int i = 0; i < 12; i++) {
		bool event_index = i % 3 == 0, wanted = i % 2;
		layout_draw(&bed, &layout, size_draw(0), 1);
		layout.queue.event_index = event_index;
		layout.used[0] = !wanted && !event_index ? 0 : (uint16_t)!event_index;
		layout_write(&bed, &layout);
		call(bed.m, "virtqueue_want_notifications", (uint32_t[]){bed.queue, wanted}, 2);
		if (!event_index)
			layout.used[0] = wanted ? 0 : VIRTQ_USED_F_NO_NOTIFY;
		layout_assert_untouched(&bed, &layout,
			event_index ? "after virtqueue_want_notifications(), with event_index"
				    : "after virtqueue_want_notifications()");
	}
}
END_TEST

const struct graded_test paravirt_queue_tests[] = {
	{&chains_are_taken_as_the_driver_has_laid_them, EQUIVALENCE, 4, "hello"},
	{&chains_are_given_back_before_the_index_says_so, EQUIVALENCE, 2, "hello"},
	{&the_driver_is_told_when_it_wants_to_be, EQUIVALENCE, 3, "hello"},
	{&a_device_at_work_need_not_be_told, EQUIVALENCE, 1, "hello"},
	{&a_chain_that_comes_just_before_the_wish_is_taken, RESOURCE_CONTROL, 1, "hello"},
	{&descriptors_that_change_while_they_are_looked_at_are_read_once, RESOURCE_CONTROL, 3,
		"hello"},
	{0},
};
