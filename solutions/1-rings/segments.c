/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 1, segments.c: the descriptors that keep a guest in its ring and below the monitor.
 *
 * rings.h is the contract. Intel SDM volume 3A: 3.4.5 (segment descriptors), 3.5 (system
 * descriptors), 5.3 (limit checking), 6.11 (gates), 7.2.1 (the TSS).
 */
#include "rings.h"

struct descriptor descriptor_pack(struct segment segment)
{
	/* BEGIN SOLUTION
	(void)segment;
	organ_unwritten(__func__);
	*/
	uint32_t limit = segment.granular ? segment.limit >> 12 : segment.limit & 0xfffff;

	return (struct descriptor){
		.low = segment.base << 16 | (limit & 0xffff),
		.high = (segment.base & 0xff000000) | (uint32_t)segment.granular << 23 |
			(uint32_t)segment.default_big << 22 | (uint32_t)segment.available << 20 |
			(limit & 0xf0000) | (uint32_t)segment.present << 15 |
			(uint32_t)segment.dpl << 13 | (uint32_t)segment.code_or_data << 12 |
			(uint32_t)segment.type << 8 | (segment.base >> 16 & 0xff),
	};
	/* END SOLUTION */
}

struct segment descriptor_unpack(struct descriptor descriptor)
{
	/* BEGIN SOLUTION
	(void)descriptor;
	organ_unwritten(__func__);
	*/
	uint32_t high = descriptor.high;
	uint32_t limit = (high & 0xf0000) | (descriptor.low & 0xffff);
	bool granular = high >> 23 & 1;

	return (struct segment){
		.base = (high & 0xff000000) | (high & 0xff) << 16 | descriptor.low >> 16,
		.limit = granular ? limit << 12 | 0xfff : limit,
		.type = high >> 8 & 15,
		.code_or_data = high >> 12 & 1,
		.dpl = high >> 13 & 3,
		.present = high >> 15 & 1,
		.available = high >> 20 & 1,
		.default_big = high >> 22 & 1,
		.granular = granular,
	};
	/* END SOLUTION */
}

struct descriptor gate_pack(uint16_t selector, uint32_t offset, uint8_t type, uint8_t dpl)
{
	/* BEGIN SOLUTION
	(void)selector, (void)offset, (void)type, (void)dpl;
	organ_unwritten(__func__);
	*/
	return (struct descriptor){
		.low = (uint32_t)selector << 16 | (offset & 0xffff),
		.high = (offset & 0xffff0000) | DESCRIPTOR_PRESENT | (uint32_t)dpl << 13 |
			(uint32_t)type << 8,
	};
	/* END SOLUTION */
}

void tss_prepare(struct tss *tss, uint16_t ss0, uint32_t esp0)
{
	/* BEGIN SOLUTION
	(void)tss, (void)ss0, (void)esp0;
	organ_unwritten(__func__);
	*/
	*tss = (struct tss){
		.ss0 = ss0,
		.esp0 = esp0,
		.io_map_base = sizeof(*tss),
	};
	/* END SOLUTION */
}

/* BEGIN SOLUTION
 */
/* The largest limit that the packed form can hold and that is not above `limit`. */
static void segment_set_limit_down(struct segment *segment, uint32_t limit)
{
	segment->granular = limit > 0xfffff;
	segment->limit = segment->granular ? ((limit + 1) & ~0xfffu) - 1 : limit;
}

/* The smallest one that is not below it. */
static void segment_set_limit_up(struct segment *segment, uint32_t limit)
{
	segment->granular = limit > 0xfffff;
	segment->limit = segment->granular ? limit | 0xfff : limit;
}

/* Valid offsets are 0 .. limit. The first one that reaches the monitor ends the segment. */
static void clip_expand_up(struct segment *segment)
{
	uint32_t first_bad = MONITOR_BASE - segment->base;

	if (segment->base >= MONITOR_BASE)
		segment->present = false;
	else if (segment->limit >= first_bad)
		segment_set_limit_down(segment, first_bad - 1);
}

/*
 * Valid offsets are limit + 1 .. top, and only the lower end can move. Going down from the
 * top, the first offset that reaches the monitor ends the segment. A top that is itself in
 * the monitor's range leaves nothing.
 */
static void clip_expand_down(struct segment *segment)
{
	uint32_t top = segment->default_big ? 0xffffffff : 0xffff;
	uint32_t top_linear = segment->base + top;

	if (segment->limit >= top)
		return; /* no valid offset: nothing to lose */
	if (top_linear >= MONITOR_BASE) {
		segment->present = false;
		return;
	}
	/* below top_linear, the nearest address of the monitor's is 2^32 - 1 */
	if (top <= top_linear)
		return; /* offset 0 is reached first */
	uint32_t last_bad = top - top_linear - 1;
	if (segment->limit < last_bad)
		segment_set_limit_up(segment, last_bad);
	if (segment->limit >= top)
		segment->present = false;
}
/* END SOLUTION */

struct descriptor descriptor_deprivilege(struct descriptor descriptor)
{
	/* BEGIN SOLUTION
	(void)descriptor;
	organ_unwritten(__func__);
	*/
	struct segment segment = descriptor_unpack(descriptor);

	if (!segment.code_or_data) {
		descriptor.high &= ~DESCRIPTOR_PRESENT;
		return descriptor;
	}
	if (segment.dpl == 0)
		segment.dpl = 1;
	if (segment.present) {
		segment.type |= TYPE_ACCESSED;
		if (!(segment.type & TYPE_CODE) && segment.type & TYPE_EXPAND_DOWN)
			clip_expand_down(&segment);
		else
			clip_expand_up(&segment);
	}
	return descriptor_pack(segment);
	/* END SOLUTION */
}

uint16_t selector_deprivilege(uint16_t selector)
{
	/* BEGIN SOLUTION
	(void)selector;
	organ_unwritten(__func__);
	*/
	bool null = !(selector & ~SELECTOR_RPL);

	return null || selector & SELECTOR_RPL ? selector : selector | 1;
	/* END SOLUTION */
}
