/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 1, graded tests of segments.c. Each function of the submission is called from outside, in
 * the emulated machine, with random arguments, and what it returns is held against the manual.
 */
#include "rings_tests.h"

#define TRIES 60 /* random calls a test */

/* ---- the contract of rings.h, said a second time and in another way ---- */

/* A descriptor taken apart bit by bit: Intel SDM volume 3A, figure 3-8. */
struct fields {
	uint32_t base, limit_field, type, s, dpl, p, avl, l, db, g;
};

static struct fields fields_of(struct descriptor d)
{
	return (struct fields){
		.base = d.low >> 16 | (d.high & 0xff) << 16 | (d.high & 0xff000000),
		.limit_field = (d.low & 0xffff) | (d.high & 0x000f0000),
		.type = d.high >> 8 & 15,
		.s = d.high >> 12 & 1,
		.dpl = d.high >> 13 & 3,
		.p = d.high >> 15 & 1,
		.avl = d.high >> 20 & 1,
		.l = d.high >> 21 & 1,
		.db = d.high >> 22 & 1,
		.g = d.high >> 23 & 1,
	};
}

static uint32_t limit_in_bytes(struct fields f)
{
	return f.g ? f.limit_field << 12 | 0xfff : f.limit_field;
}

static bool is_expand_down(struct fields f)
{
	return !(f.type & TYPE_CODE) && f.type & TYPE_EXPAND_DOWN;
}

/* The offsets that the processor lets through (SDM 3A 5.3); false: none. */
static bool valid_offsets(struct fields f, uint32_t limit, uint64_t *first, uint64_t *last)
{
	*first = is_expand_down(f) ? (uint64_t)limit + 1 : 0;
	*last = !is_expand_down(f) ? limit : f.db ? 0xffffffff : 0xffff;
	return *first <= *last;
}

/* Does no valid offset reach MONITOR_BASE or above, modulo 2^32? */
static bool is_safe(struct fields f, uint32_t limit)
{
	uint64_t first, last;

	if (!valid_offsets(f, limit, &first, &last))
		return true;
	uint64_t start = (f.base + first) & 0xffffffff;
	return start + (last - first) < MONITOR_BASE;
}

/* What becomes of a present code or data descriptor's limit: false where nothing is safe. */
static bool expected_limit(struct fields f, uint32_t *limit, bool *granular)
{
	uint64_t first, last;

	*limit = limit_in_bytes(f);
	*granular = f.g;
	if (is_safe(f, *limit))
		return true;
	if (!is_expand_down(f)) {
		if (f.base >= MONITOR_BASE)
			return false;
		*limit = MONITOR_BASE - f.base - 1;
		*granular = *limit > 0xfffff;
		if (*granular && (*limit & 0xfff) != 0xfff)
			*limit = (*limit & ~0xfffu) - 1;
		return true;
	}
	/* the first offset that could come after the monitor's last byte, where base + offset wraps
	 */
	uint64_t after = 0x100000000 - f.base;
	if (after > 0x100000000 - 1)
		return false;
	*limit = (uint32_t)after - 1;
	*granular = *limit > 0xfffff;
	if (*granular)
		*limit |= 0xfff;
	return is_safe(f, *limit) && valid_offsets(f, *limit, &first, &last);
}

/* ---- random descriptors ---- */

static struct descriptor random_descriptor(void)
{
	return (struct descriptor){random_u32(), random_u32() & ~(1u << 21)};
}

/* Bases and limits where mistakes live: near 0, near the monitor, near 4 GiB. */
static uint32_t random_near_edges(void)
{
	static const uint32_t edges[] = {0, 0x1000, 0x10000, 0x100000, 0x80000000, 0xe0000000,
		MONITOR_BASE - 0x100000, MONITOR_BASE, MONITOR_BASE + 0x1000, 0xfffff000,
		0xffff0000};

	if (random_below(4) == 0)
		return random_u32();
	uint32_t edge = edges[random_below(sizeof(edges) / sizeof(edges[0]))];
	switch (random_below(4)) {
	case 0:
		return edge + random_below(0x2000);
	case 1:
		return edge - random_below(0x2000);
	default:
		return edge;
	}
}

static struct descriptor random_segment(uint32_t type)
{
	uint32_t base = random_near_edges(), limit = random_near_edges();
	uint32_t g = random_below(2), field = g ? limit >> 12 : limit & 0xfffff;

	return (struct descriptor){
		.low = base << 16 | (field & 0xffff),
		.high = (base & 0xff000000) | g << 23 | random_below(2) << 22 |
			random_below(2) << 20 | (field & 0xf0000) | DESCRIPTOR_PRESENT |
			random_below(4) << 13 | DESCRIPTOR_S | type << 8 | (base >> 16 & 0xff),
	};
}

static uint32_t random_expand_up_type(void)
{
	uint32_t type = random_below(16);
	return type & TYPE_CODE ? type : type & ~TYPE_EXPAND_DOWN;
}

static struct descriptor call_deprivilege(struct machine *m, struct descriptor d)
{
	uint64_t result = call(m, "descriptor_deprivilege", (uint32_t[]){d.low, d.high}, 2);
	return (struct descriptor){(uint32_t)result, (uint32_t)(result >> 32)};
}

static struct machine *any_machine(void)
{
	return boot(guest_open("hello"));
}

/* ---- exercise 1 ---- */

/* How the i386 ABI lays out struct segment as an argument. */
struct segment_words {
	uint32_t base, limit;
	uint8_t type, s, dpl, p, avl, db, g, padding;
};
_Static_assert(sizeof(struct segment_words) == 16, "four doublewords");

START_TEST(descriptors_are_packed_as_the_manual_draws_them)
{
	struct machine *m = any_machine();

	for (int i = 0; i < TRIES; i++) {
		struct descriptor want = random_descriptor();
		struct fields f = fields_of(want);
		union {
			struct segment_words segment;
			uint32_t words[4];
		} argument = {.segment = {f.base, limit_in_bytes(f), (uint8_t)f.type, (uint8_t)f.s,
				      (uint8_t)f.dpl, (uint8_t)f.p, (uint8_t)f.avl, (uint8_t)f.db,
				      (uint8_t)f.g, 0}};
		if (f.g) /* these bits do not matter then */
			argument.segment.limit ^= random_below(0x1000);
		uint64_t got = call(m, "descriptor_pack", argument.words, 4);
		ck_assert_msg(got == ((uint64_t)want.high << 32 | want.low),
			"descriptor_pack(base %08x, limit %08x, type %x, S %u, DPL %u, P %u, AVL %u, D/B %u, G %u) must be high %08x low %08x; it returned high %08x low %08x",
			f.base, argument.segment.limit, f.type, f.s, f.dpl, f.p, f.avl, f.db, f.g,
			want.high, want.low, (uint32_t)(got >> 32), (uint32_t)got);
	}
}
END_TEST

START_TEST(descriptors_are_unpacked_again)
{
	struct machine *m = any_machine();
	uint32_t scratch = call_scratch(m);

	for (int i = 0; i < TRIES; i++) {
		struct descriptor d = random_descriptor();
		struct fields f = fields_of(d);
		struct segment_words got;

		/* a structure of 16 bytes is returned where the hidden first argument says */
		call(m, "descriptor_unpack", (uint32_t[]){scratch, d.low, d.high}, 3);
		memory_read(m, scratch, &got, sizeof(got));
		ck_assert_msg(got.base == f.base,
			"descriptor high %08x low %08x has base %08x; descriptor_unpack() found %08x",
			d.high, d.low, f.base, got.base);
		ck_assert_msg(got.limit == limit_in_bytes(f),
			"descriptor high %08x low %08x has limit %08x in bytes (G is %u); descriptor_unpack() found %08x",
			d.high, d.low, limit_in_bytes(f), f.g, got.limit);
		ck_assert_msg(got.type == f.type && got.s == f.s && got.dpl == f.dpl &&
				      got.p == f.p && got.avl == f.avl && got.db == f.db &&
				      got.g == f.g,
			"descriptor high %08x low %08x: type %x S %u DPL %u P %u AVL %u D/B %u G %u; descriptor_unpack() found type %x S %u DPL %u P %u AVL %u D/B %u G %u",
			d.high, d.low, f.type, f.s, f.dpl, f.p, f.avl, f.db, f.g, got.type, got.s,
			got.dpl, got.p, got.avl, got.db, got.g);
	}
}
END_TEST

/* ---- exercise 2 ---- */

START_TEST(gates_are_packed_as_the_manual_draws_them)
{
	static const uint32_t types[] = {TYPE_INTERRUPT_GATE, TYPE_TRAP_GATE, TYPE_CALL_GATE32};
	struct machine *m = any_machine();

	for (int i = 0; i < TRIES; i++) {
		uint32_t selector = random_below(0x10000), offset = random_u32();
		uint32_t type = types[random_below(3)], dpl = random_below(4);
		uint32_t low = selector << 16 | (offset & 0xffff);
		uint32_t high = (offset & 0xffff0000) | 0x8000 | dpl << 13 | type << 8;
		uint64_t got = call(m, "gate_pack", (uint32_t[]){selector, offset, type, dpl}, 4);
		ck_assert_msg(got == ((uint64_t)high << 32 | low),
			"gate_pack(selector %04x, offset %08x, type %u, DPL %u) must be high %08x low %08x; it returned high %08x low %08x",
			selector, offset, type, dpl, high, low, (uint32_t)(got >> 32),
			(uint32_t)got);
	}
}
END_TEST

START_TEST(the_tss_gives_ring_0_a_stack_and_no_ports)
{
	struct machine *m = any_machine();
	uint32_t scratch = call_scratch(m);
	struct tss tss;

	memset(&tss, 0xa5, sizeof(tss)); /* what was there before must not show */
	memory_write(m, scratch, &tss, sizeof(tss));
	uint32_t ss0 = random_below(0x2000) << 3, esp0 = random_u32();
	call(m, "tss_prepare", (uint32_t[]){scratch, ss0, esp0}, 3);
	memory_read(m, scratch, &tss, sizeof(tss));

	ck_assert_msg(tss.ss0 == ss0 && tss.esp0 == esp0,
		"tss_prepare(ss0 %04x, esp0 %08x) left SS0 %04x, ESP0 %08x", ss0, esp0, tss.ss0,
		tss.esp0);
	hint("The processor looks for a permission bit map at io_map_base. Below the TSS's limit, whatever lies there decides which ports a guest may use.");
	ck_assert_msg(tss.io_map_base >= sizeof(tss) - 1,
		"io_map_base is %u: a bit map inside the TSS can give ports to a guest",
		tss.io_map_base);
	hint(NULL);
	tss.ss0 = tss.esp0 = tss.io_map_base = 0;
	const uint8_t *bytes = (const uint8_t *)&tss;
	for (size_t i = 0; i < sizeof(tss); i++)
		ck_assert_msg(
			bytes[i] == 0, "byte %zu of the TSS must be 0; it is %02x", i, bytes[i]);
}
END_TEST

/* ---- exercise 3 ---- */

START_TEST(selectors_are_deprivileged)
{
	struct machine *m = any_machine();

	for (uint32_t i = 0; i < TRIES; i++) {
		uint32_t selector = i < 8 ? i : random_below(0x10000);
		bool null = selector < 4;
		uint32_t want = null || selector & 3 ? selector : selector | 1;
		uint32_t got = call(m, "selector_deprivilege", &selector, 1) & 0xffff;
		ck_assert_msg(got == want,
			"selector_deprivilege(%04x) must be %04x; it returned %04x", selector, want,
			got);
	}
}
END_TEST

START_TEST(privilege_is_taken_out_of_descriptors)
{
	struct machine *m = any_machine();

	for (int i = 0; i < TRIES; i++) {
		struct descriptor d = random_segment(random_expand_up_type());
		if (random_below(3) == 0)
			d.high &= ~DESCRIPTOR_PRESENT;
		if (random_below(3) == 0)
			d.high &= ~DESCRIPTOR_S;
		struct descriptor got = call_deprivilege(m, d);
		struct fields before = fields_of(d), after = fields_of(got);

		if (!before.s) {
			hint("A call gate or a TSS of the guest's would take it to ring 0, or anywhere.");
			ck_assert_msg(
				got.low == d.low && got.high == (d.high & ~DESCRIPTOR_PRESENT),
				"the system descriptor high %08x low %08x must only lose its P bit; it became high %08x low %08x",
				d.high, d.low, got.high, got.low);
			hint(NULL);
			continue;
		}
		ck_assert_msg(after.dpl == (before.dpl ? before.dpl : 1),
			"DPL %u must become %u; descriptor high %08x became high %08x", before.dpl,
			before.dpl ? before.dpl : 1, d.high, got.high);
		if (!before.p) {
			ck_assert_msg(got.low == d.low && ((got.high ^ d.high) & ~0x6000u) == 0,
				"of the absent descriptor high %08x low %08x only DPL may change; it became high %08x low %08x",
				d.high, d.low, got.high, got.low);
			continue;
		}
		ck_assert_msg(after.type == (before.type | TYPE_ACCESSED),
			"type %x must become %x (the accessed bit set, nothing else); it became %x",
			before.type, before.type | TYPE_ACCESSED, after.type);
		ck_assert_msg(after.base == before.base && after.db == before.db &&
				      after.avl == before.avl && after.s == before.s &&
				      after.l == 0,
			"base, D/B, AVL and S must stay: high %08x low %08x became high %08x low %08x",
			d.high, d.low, got.high, got.low);
	}
}
END_TEST

/* One descriptor against the rule for limits. */
static void check_clipping(struct machine *m, struct descriptor d)
{
	struct descriptor got = call_deprivilege(m, d);
	struct fields before = fields_of(d), after = fields_of(got);
	uint32_t limit;
	bool granular;
	bool possible = expected_limit(before, &limit, &granular);
	const char *kind = before.type & TYPE_CODE  ? "code"
			   : is_expand_down(before) ? "expand-down data"
						    : "expand-up data";

	if (!possible) {
		ck_assert_msg(!after.p,
			"%s segment, base %08x, limit %08x, D/B %u: no limit is safe, so it must not be present; it is, with limit %08x",
			kind, before.base, limit_in_bytes(before), before.db,
			limit_in_bytes(after));
		return;
	}
	ck_assert_msg(after.p,
		"%s segment (type %x), base %08x, limit %08x, D/B %u must stay present", kind,
		before.type, before.base, limit_in_bytes(before), before.db);
	ck_assert_msg(is_safe(after, limit_in_bytes(after)),
		"%s segment, base %08x, limit %08x, D/B %u became limit %08x: an offset still reaches the monitor at %08x or above",
		kind, before.base, limit_in_bytes(before), before.db, limit_in_bytes(after),
		MONITOR_BASE);
	ck_assert_msg(limit_in_bytes(after) == limit && after.g == granular,
		"%s segment, base %08x, limit %08x, D/B %u must become limit %08x (G %u), the largest safe segment; it became limit %08x (G %u)",
		kind, before.base, limit_in_bytes(before), before.db, limit, granular,
		limit_in_bytes(after), after.g);
}

/* A present segment of DPL 0. */
static struct descriptor segment_with(
	uint32_t type, uint32_t base, uint32_t limit_field, uint32_t g, uint32_t db)
{
	return (struct descriptor){
		.low = base << 16 | (limit_field & 0xffff),
		.high = (base & 0xff000000) | g << 23 | db << 22 | (limit_field & 0xf0000) |
			DESCRIPTOR_PRESENT | DESCRIPTOR_S | type << 8 | (base >> 16 & 0xff),
	};
}

/* Each base with the largest segment, where being wrong by one shows. */
static void check_corners(struct machine *m, uint32_t type)
{
	static const uint32_t bases[] = {0, 1, 0xfff, 0x1000, 0x10000, 0x7fffffff,
		MONITOR_BASE - 0x100001, MONITOR_BASE - 0x100000, MONITOR_BASE - 0xfffff,
		MONITOR_BASE - 0x1001, MONITOR_BASE - 0x1000, MONITOR_BASE - 0xfff,
		MONITOR_BASE - 1, MONITOR_BASE, MONITOR_BASE + 1, 0xffff0000, 0xffff0001,
		0xfffff000, 0xfffff001, 0xffffffff};

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		bool down = !(type & TYPE_CODE) && type & TYPE_EXPAND_DOWN;
		check_clipping(m, segment_with(type, bases[i], down ? 0 : 0xfffff, 1, 1));
		check_clipping(m, segment_with(type, bases[i], down ? 0 : 0xfffff, 0, 0));
		check_clipping(m, segment_with(type, bases[i], down ? 0 : 0xffff, 0, 1));
	}
}

START_TEST(segments_end_below_the_monitor)
{
	struct machine *m = any_machine();

	hint("The limit is the last valid offset. With G = 1 its low 12 bits are all ones.");
	check_corners(m, TYPE_WRITABLE);
	check_corners(m, TYPE_CODE | TYPE_CONFORMING);
	for (int i = 0; i < TRIES; i++)
		check_clipping(m, random_segment(random_expand_up_type()));
}
END_TEST

START_TEST(expand_down_segments_stay_off_the_monitor)
{
	struct machine *m = any_machine();

	hint("Draw the valid offsets on the line from 0 to 4 GiB, then add the base.");
	check_corners(m, TYPE_WRITABLE | TYPE_EXPAND_DOWN);
	for (int i = 0; i < 2 * TRIES; i++)
		check_clipping(
			m, random_segment((random_below(16) & ~TYPE_CODE) | TYPE_EXPAND_DOWN));
}
END_TEST

START_TEST(safe_segments_stay_as_they_are)
{
	struct machine *m = any_machine();
	int tried = 0;

	while (tried < TRIES) {
		struct descriptor d = random_segment(random_below(16));
		struct fields f = fields_of(d);
		if (!is_safe(f, limit_in_bytes(f)))
			continue;
		tried++;
		struct fields after = fields_of(call_deprivilege(m, d));
		ck_assert_msg(after.limit_field == f.limit_field && after.g == f.g && after.p,
			"the %s segment with base %08x, limit %08x (G %u), D/B %u has no valid offset that reaches the monitor: limit and G must stay; they became %08x (G %u), P %u",
			is_expand_down(f) ? "expand-down" : "expand-up", f.base, limit_in_bytes(f),
			f.g, f.db, limit_in_bytes(after), after.g, after.p);
	}
}
END_TEST

const struct graded_test rings_segments_tests[] = {
	{&descriptors_are_packed_as_the_manual_draws_them, EQUIVALENCE, 4, NULL},
	{&descriptors_are_unpacked_again, EQUIVALENCE, 3, NULL},
	{&gates_are_packed_as_the_manual_draws_them, EQUIVALENCE, 3, NULL},
	{&the_tss_gives_ring_0_a_stack_and_no_ports, RESOURCE_CONTROL, 3, NULL},
	{&selectors_are_deprivileged, EQUIVALENCE, 2, NULL},
	{&privilege_is_taken_out_of_descriptors, RESOURCE_CONTROL, 3, NULL},
	{&segments_end_below_the_monitor, RESOURCE_CONTROL, 5, NULL},
	{&expand_down_segments_stay_off_the_monitor, RESOURCE_CONTROL, 4, NULL},
	{&safe_segments_stay_as_they_are, EQUIVALENCE, 3, NULL},
	{0},
};
