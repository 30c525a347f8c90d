/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 5, graded tests of virtqueue.c with drivers that break the rules of VIRTIO 1.2, 2.7: one rule
 * at a time, at a random place of a chain that is good otherwise, with values at the edge.
 */
#include "paravirt_breaks.h"
#include "paravirt_virtio.h"

#include "monitor_layout.h"

#define MEGS   20 /* so that 256 descriptors can name 4 GiB */
#define ROUNDS 3  /* of each way to break a rule */

/* ---- judging ---- */

/* A good chain that the way can break. */
static void draw(const struct bed *bed, const struct way *way)
{
	do
		layout_draw(bed, &layout, size_draw(2), 1);
	while (laid->count < 2 || !way->lay(bed));
}

/* Takes, and fails the test where that is not refused; what the first refusal says of the section.
 */
static void assert_refused(const struct bed *bed, const struct way *way, char *section, size_t size)
{
	uint32_t stop = monitor_symbol("virtqueue_refuse"), status;
	unsigned refusals = 0;

	section[0] = '\0';
	call_begin(bed->m, "virtqueue_take", (uint32_t[]){bed->queue, bed->chain}, 2);
	while (call_run(bed->m, &stop, 1) == 0)
		if (refusals++ == 0)
			memory_read(bed->m, memory_read_u32(bed->m, registers(bed->m)->esp + 8),
				section, size);
	bool taken = call_end(bed->m) & 1;
	section[size - 1] = '\0';
	ck_assert_msg(!taken, "%s (a queue of %u, index %u): virtqueue_take() takes the chain",
		way->what, layout.queue.size, layout.queue.taken);
	memory_read(bed->m, bed->device + VIRTIO_STATUS_OFFSET, &status, sizeof(status));
	ck_assert_msg(refusals > 0 && queue_read(bed).refused && status & VIRTIO_STATUS_NEEDS_RESET,
		"%s (a queue of %u, index %u): virtqueue_take() says that there is no chain, and does not refuse",
		way->what, layout.queue.size, layout.queue.taken);
}

/* The driver mends all; but the device needs a reset first. */
static void assert_stays_refused(const struct bed *bed, const struct way *way)
{
	struct monitor_queue queue;

	layout_draw(bed, &layout, 4, 1);
	layout_write(bed, &layout);
	queue = layout.queue;
	queue.refused = true;
	memory_write(bed->m, bed->queue, &queue, sizeof(queue));
	ck_assert_msg(
		!queue_take(bed), "%s: virtqueue_take() goes on taking after a refusal", way->what);
	layout_assert_untouched(bed, &layout, "virtqueue_take() after a refusal");
	memory_write(bed->m, bed->queue, &layout.queue, sizeof(layout.queue));
	ck_assert_msg(queue_take(bed), "%s: after a reset virtqueue_take() takes nothing more",
		way->what);
	assert_taken(bed, &layout, laid);
}

START_TEST(what_breaks_the_rules_is_refused)
{
	struct bed bed = bed_open(MEGS);
	char section[16];

	hint("Compare a length with what is left, never a sum with the end. Count the descriptors of a chain.");
	for (size_t w = 0; ways[w].what; w++)
		for (int i = 0; i < ROUNDS; i++) {
			draw(&bed, &ways[w]);
			layout_write(&bed, &layout);
			assert_refused(&bed, &ways[w], section, sizeof(section));
			assert_stays_refused(&bed, &ways[w]);
		}
}
END_TEST

START_TEST(a_refusal_names_the_section_of_the_rule)
{
	struct bed bed = bed_open(MEGS);
	char section[16];

	hint("The sections stand in virtqueue.h: whoever reads the log is the one who wrote the driver.");
	for (size_t w = 0; ways[w].what; w++) {
		draw(&bed, &ways[w]);
		layout_write(&bed, &layout);
		assert_refused(&bed, &ways[w], section, sizeof(section));
		ck_assert_msg(strcmp(section, ways[w].section) == 0,
			"%s: that rule stands in section %s of VIRTIO 1.2, and the refusal says \"%s\"",
			ways[w].what, ways[w].section, section);
	}
}
END_TEST

/* ---- what is just allowed ---- */

/* A chain of `count` descriptors of `length` bytes each, from the head on. */
static void plain_lay(const struct bed *bed, unsigned size, unsigned count, uint32_t length)
{
	layout_draw(bed, &layout, size, 1);
	layout.queue.indirect = false;
	laid->way = NULL;
	laid->count = count;
	laid->expected = (struct virtqueue_chain){.count = count};
	for (unsigned i = 0; i < count; i++) {
		layout.desc[i] = (struct virtq_desc){bed->limit - length, length,
			VIRTQ_DESC_F_WRITE | (i + 1 < count ? VIRTQ_DESC_F_NEXT : 0),
			(uint16_t)(i + 1)};
		laid->expected.segment[i] =
			(struct virtqueue_segment){{bed->limit - length}, length};
		laid->expected.writable += length;
	}
	*avail_entry(&layout, layout.queue.taken) = 0;
}

static void assert_allowed(const struct bed *bed, const char *what)
{
	layout_write(bed, &layout);
	ck_assert_msg(queue_take(bed),
		"%s, which is allowed: virtqueue_take() says no. The log:\n%s", what,
		monitor_log(bed->m));
	assert_taken(bed, &layout, laid);
}

START_TEST(what_is_just_allowed_is_taken)
{
	struct bed bed = bed_open(MEGS);

	hint("Up to the last byte of memory, up to the queue's size, up to 2^32 - 1: each edge belongs to what is allowed.");
	plain_lay(&bed, 8, 8, 100);
	assert_allowed(&bed, "a chain has as many descriptors as the queue");
	plain_lay(&bed, 1, 1, 1);
	assert_allowed(&bed, "a chain is the last byte of memory, in a queue of one descriptor");
	plain_lay(&bed, 4, 1, bed.limit);
	assert_allowed(&bed, "a descriptor is all of the guest's memory");
	plain_lay(&bed, VIRTQUEUE_SIZE_MAX, VIRTQUEUE_SIZE_MAX, 0xffffff);
	assert_allowed(&bed, "a chain has 2^32 - 256 bytes");
	plain_lay(&bed, VIRTQUEUE_SIZE_MAX, VIRTQUEUE_SIZE_MAX, 0xffffff);
	layout.desc[0].flags &= (uint16_t)~VIRTQ_DESC_F_WRITE;
	layout.desc[0].addr = 0;
	layout.desc[0].len = laid->expected.segment[0].length = bed.limit;
	laid->expected.segment[0].address.raw = 0;
	laid->expected.readable = bed.limit;
	laid->expected.readable_count = 1;
	laid->expected.writable -= 0xffffff;
	assert_allowed(&bed, "a chain has less than 2^32 bytes of each kind, and more in all");
	plain_lay(&bed, 8, 1, 100); /* all of the ring is new, and as good as the first */
	for (unsigned i = 0; i < 8; i++)
		*avail_entry(&layout, (uint16_t)(layout.queue.taken + i)) = 0;
	*avail_index(&layout) = (uint16_t)(layout.queue.taken + 8);
	assert_allowed(&bed, "as many chains are new as the queue has descriptors");
}
END_TEST

const struct graded_test paravirt_refuse_tests[] = {
	{&what_breaks_the_rules_is_refused, RESOURCE_CONTROL, 5, "hello"},
	{&a_refusal_names_the_section_of_the_rule, RESOURCE_CONTROL, 1, "hello"},
	{&what_is_just_allowed_is_taken, RESOURCE_CONTROL, 1, "hello"},
	{0},
};
