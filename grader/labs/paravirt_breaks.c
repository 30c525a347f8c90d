/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a driver can break the rules of VIRTIO 1.2, 2.7, one at a time: each takes a chain that is
 * good, and changes one thing at a random place, with a value at the edge.
 */
#include "paravirt_breaks.h"

struct layout layout;
struct laid *const laid = &layout.laid[0];

/* ---- ways to break a rule: each where a chain of count >= 2 is, false: not with this one ---- */

static struct virtq_desc *any(void)
{
	return laid->desc[random_below(laid->count)];
}

static struct virtq_desc *last(void)
{
	return laid->desc[laid->count - 1];
}

static bool in_table(const struct virtq_desc *desc)
{
	return desc >= laid->table && desc < laid->table + ENTRIES_MAX;
}

static uint16_t number_of(const struct virtq_desc *desc)
{
	return (uint16_t)(desc - (in_table(desc) ? laid->table : layout.desc));
}

/* An index that is too high by 1, by much, or by all. */
static uint16_t beyond(unsigned entries)
{
	switch (random_below(3)) {
	case 0:
		return (uint16_t)entries;
	case 1:
		return 0xffff;
	default:
		return (uint16_t)(entries + random_below(0x10000 - entries));
	}
}

static bool index_jumps(const struct bed *bed)
{
	(void)bed;
	*avail_index(&layout) = (uint16_t)(layout.queue.taken + layout.queue.size + 1);
	return true;
}

static bool index_goes_back(const struct bed *bed)
{
	(void)bed;
	*avail_index(&layout) = (uint16_t)(layout.queue.taken - 1 - random_below(1000));
	return true;
}

static bool head_outside(const struct bed *bed)
{
	(void)bed;
	*avail_entry(&layout, layout.queue.taken) = beyond(layout.queue.size);
	return true;
}

static bool next_outside(const struct bed *bed)
{
	(void)bed;
	struct virtq_desc *desc = laid->desc[random_below(laid->count - 1)];

	if (laid->way && !in_table(desc) && in_table(desc + 1))
		return false;
	desc->next = beyond(in_table(desc) ? laid->entries : layout.queue.size);
	return true;
}

static bool end_goes_on_outside(const struct bed *bed)
{
	(void)bed;
	last()->flags |= VIRTQ_DESC_F_NEXT;
	last()->next = beyond(in_table(last()) ? laid->entries : layout.queue.size);
	return true;
}

/* To itself, or to one before it in the same table. All are written, so that nothing else is wrong.
 */
static void make_loop(uint32_t length)
{
	unsigned first = laid->count - 1;

	while (first > 0 && in_table(laid->desc[first - 1]) == in_table(last()))
		first--;
	for (unsigned i = 0; i < laid->count; i++) {
		laid->desc[i]->flags |= VIRTQ_DESC_F_WRITE;
		if (length == 0)
			laid->desc[i]->len = 0;
	}
	last()->flags |= VIRTQ_DESC_F_NEXT;
	last()->next = number_of(laid->desc[first + random_below(laid->count - first)]);
}

static bool loop(const struct bed *bed)
{
	(void)bed;
	make_loop(1);
	return true;
}

static bool loop_of_nothing(const struct bed *bed)
{
	(void)bed;
	make_loop(0);
	return true;
}

static bool behind_memory(const struct bed *bed)
{
	struct virtq_desc *desc = any();

	desc->addr = bed->limit;
	desc->len = 1 + random_below(100);
	return true;
}

static bool across_the_end(const struct bed *bed)
{
	struct virtq_desc *desc = any();

	desc->len = 2 + random_below(5000);
	desc->addr = bed->limit - 1 - random_below(desc->len - 1);
	return true;
}

static bool wraps_at_4_gib(const struct bed *bed)
{
	struct virtq_desc *desc = any();

	(void)bed;
	desc->len = 2 + random_below(5000);
	desc->addr = 0xffffffff - random_below(desc->len - 1);
	return true;
}

static bool wraps_at_2_64(const struct bed *bed)
{
	struct virtq_desc *desc = any();

	(void)bed;
	desc->len = 2 + random_below(5000);
	desc->addr = UINT64_MAX - random_below(desc->len - 1);
	return true;
}

static bool good_but_for_the_upper_half(const struct bed *bed)
{
	struct virtq_desc *desc = any();

	(void)bed;
	desc->addr |= UINT64_C(1) << (32 + random_below(32));
	desc->len = 1 + random_below(100);
	return true;
}

static bool as_long_as_it_can_be(const struct bed *bed)
{
	struct virtq_desc *desc = any();

	(void)bed;
	desc->len = 0xffffffff - random_below(2);
	return true;
}

static bool the_monitors_memory(const struct bed *bed)
{
	struct virtq_desc *desc = any();

	desc->addr = bed->queue;
	desc->len = sizeof(struct monitor_queue);
	return true;
}

static bool read_behind_write(const struct bed *bed)
{
	unsigned at = random_below(laid->count - 1);

	(void)bed;
	laid->desc[at]->flags |= VIRTQ_DESC_F_WRITE;
	laid->desc[at]->len += laid->desc[at]->len == 0;
	laid->desc[at]->addr = 0x500000;
	laid->desc[at + 1]->flags &= (uint16_t)~VIRTQ_DESC_F_WRITE;
	laid->desc[at + 1]->len += laid->desc[at + 1]->len == 0;
	laid->desc[at + 1]->addr = 0x500000;
	return true;
}

/* 2^32 bytes, or more: 256 descriptors of 16 MiB. */
static bool too_many_bytes(const struct bed *bed)
{
	(void)bed;
	layout.queue.size = VIRTQUEUE_SIZE_MAX;
	layout.queue.indirect = false;
	laid->way = NULL;
	laid->count = VIRTQUEUE_SIZE_MAX;
	for (unsigned i = 0; i < VIRTQUEUE_SIZE_MAX; i++)
		layout.desc[i] = (struct virtq_desc){0x100000, 0x1000000,
			VIRTQ_DESC_F_WRITE | (i < 255 ? VIRTQ_DESC_F_NEXT : 0), (uint16_t)(i + 1)};
	*avail_index(&layout) = (uint16_t)(layout.queue.taken + 1);
	*avail_entry(&layout, layout.queue.taken) = 0;
	return true;
}

static bool not_negotiated(const struct bed *bed)
{
	(void)bed;
	layout.queue.indirect = false;
	return laid->way;
}

static bool together_with_next(const struct bed *bed)
{
	(void)bed;
	if (!laid->way)
		return false;
	laid->way->flags |= VIRTQ_DESC_F_NEXT;
	laid->way->next = (uint16_t)random_below(layout.queue.size);
	return true;
}

/* The last descriptor leads to one more table, of one entry: where else nothing is wrong. */
static bool table_in_table(const struct bed *bed)
{
	unsigned other = 0;

	(void)bed;
	if (!laid->way || !in_table(last()))
		return false;
	for (unsigned i = 0; i < laid->count; i++)
		if (in_table(laid->desc[i]) && number_of(laid->desc[i]) >= other)
			other = number_of(laid->desc[i]) + 1u;
	if (other == laid->entries)
		return false;
	laid->table[other] = (struct virtq_desc){0x500000, 1, VIRTQ_DESC_F_WRITE, 0};
	*last() = (struct virtq_desc){
		laid->table_at + other * sizeof(struct virtq_desc), 16, VIRTQ_DESC_F_INDIRECT, 0};
	return true;
}

static bool odd_table(const struct bed *bed)
{
	(void)bed;
	if (laid->way)
		laid->way->len += random_below(2) ? 8 : 1 + random_below(15);
	return laid->way;
}

static bool empty_table(const struct bed *bed)
{
	(void)bed;
	if (laid->way)
		laid->way->len = 0;
	return laid->way;
}

static bool table_across_the_end(const struct bed *bed)
{
	if (laid->way)
		laid->way->addr = bed->limit - laid->way->len + 1 + random_below(15);
	return laid->way;
}

static bool table_far_away(const struct bed *bed)
{
	(void)bed;
	if (laid->way)
		laid->way->addr |= UINT64_C(1) << (32 + random_below(32));
	return laid->way;
}

/* No loop: but more than a chain may have (2.7.5.3.1). */
static bool long_table(const struct bed *bed)
{
	(void)bed;
	unsigned more = layout.queue.size + 1;

	if (!laid->way || more > ENTRIES_MAX)
		return false;
	for (unsigned i = 0; i < more; i++)
		laid->table[i] = (struct virtq_desc){0x500000, 1,
			VIRTQ_DESC_F_WRITE | (i + 1 < more ? VIRTQ_DESC_F_NEXT : 0),
			(uint16_t)(i + 1)};
	laid->entries = more;
	laid->way->len = more * 16;
	return true;
}

const struct way ways[] = {
	{"the available ring's index jumps by more than the queue has", "2.7.6", index_jumps},
	{"the available ring's index goes back", "2.7.6", index_goes_back},
	{"a head is not below the queue's size", "2.7.5", head_outside},
	{"`next` is not below the size of its table", "2.7.5", next_outside},
	{"the last descriptor of a chain goes on outside its table", "2.7.5", end_goes_on_outside},
	{"a chain leads back into itself", "2.7.5.3.1", loop},
	{"a chain of descriptors without bytes leads back into itself", "2.7.5.3.1",
		loop_of_nothing},
	{"a descriptor begins behind the guest's memory", "2.7.5", behind_memory},
	{"a descriptor goes across the end of the guest's memory", "2.7.5", across_the_end},
	{"a descriptor wraps at 2^32", "2.7.5", wraps_at_4_gib},
	{"a descriptor wraps at 2^64", "2.7.5", wraps_at_2_64},
	{"a descriptor's address has a bit above the 32nd", "2.7.5", good_but_for_the_upper_half},
	{"a descriptor is 2^32 - 1 bytes long", "2.7.5", as_long_as_it_can_be},
	{"a descriptor names the monitor's memory", "2.7.5", the_monitors_memory},
	{"what is to be read comes behind what is to be written", "2.7.4.2", read_behind_write},
	{"a chain has 2^32 bytes of one kind", "2.7.5.2", too_many_bytes},
	{"an indirect table was not negotiated", "2.7.5.3.1", not_negotiated},
	{"INDIRECT stands together with NEXT", "2.7.5.3.1", together_with_next},
	{"an indirect table leads to an indirect table", "2.7.5.3.1", table_in_table},
	{"an indirect table's length is no multiple of 16", "2.7.5.3.1", odd_table},
	{"an indirect table has no bytes", "2.7.5.3.1", empty_table},
	{"an indirect table goes across the end of the guest's memory", "2.7.5",
		table_across_the_end},
	{"an indirect table's address has a bit above the 32nd", "2.7.5", table_far_away},
	{"an indirect table's chain is longer than the queue", "2.7.5.3.1", long_table},
	{0},
};
