/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 4, graded tests of scan.c alone: its functions are called from outside, before the first
 * instruction of a guest has run. So they can be judged before patch.c is written.
 */
#include "patch_audit.h"
#include "monitor_layout.h"

/* ---- scan_classify() ---- */

#define ASKED 636

/* Opcodes of which most are sensitive. Random bytes come behind. */
static const struct opening {
	uint8_t size, bytes[2];
} openings[] = {
	{1, {0x9c}},
	{1, {0x9d}},
	{1, {0xcf}},
	{1, {0xcc}},
	{1, {0xce}},
	{1, {0xcd}},
	{1, {0xf1}},
	{1, {0x0e}},
	{1, {0x16}},
	{1, {0x17}},
	{1, {0x06}},
	{1, {0x1e}},
	{1, {0x07}},
	{1, {0x1f}},
	{2, {0x0f, 0xa0}},
	{2, {0x0f, 0xa8}},
	{2, {0x0f, 0xa1}},
	{2, {0x0f, 0xa9}},
	{1, {0x8c}},
	{1, {0x8c}},
	{1, {0x8c}},
	{1, {0x8e}},
	{1, {0x8e}},
	{1, {0x9a}},
	{1, {0xea}},
	{1, {0xca}},
	{1, {0xcb}},
	{1, {0xff}},
	{1, {0xff}},
	{2, {0x0f, 0x00}},
	{2, {0x0f, 0x00}},
	{2, {0x0f, 0x01}},
	{2, {0x0f, 0x01}},
	{2, {0x0f, 0x02}},
	{2, {0x0f, 0x03}},
	{2, {0x0f, 0xa2}},
	{2, {0x0f, 0x34}},
	{1, {0xc4}},
	{1, {0xc5}},
	{2, {0x0f, 0xb2}},
	{2, {0x0f, 0xb4}},
	{2, {0x0f, 0xb5}},
	{1, {0xfa}},
	{1, {0xfb}},
	{1, {0xf4}},
	{1, {0xe4}},
	{2, {0x0f, 0x20}},
	{2, {0x0f, 0x22}},
	{1, {0x9e}},
	{1, {0x9f}},
	{1, {0xe8}},
	{1, {0xc3}},
	{1, {0x8f}},
	{1, {0x63}},
};
#define OPENINGS (sizeof(openings) / sizeof(openings[0]))

/* An instruction that decodes, each opening by turns, and in between any bytes at all. */
static void instruction_draw(unsigned number, uint8_t bytes[INSN_MAX_LENGTH], struct insn *insn)
{
	do {
		size_t at = 0;
		for (size_t i = 0; i < INSN_MAX_LENGTH; i++)
			bytes[i] = (uint8_t)random_u32();
		if (number % 8 == 7)
			continue;
		if (random_below(3) == 0)
			bytes[at++] = 0x66;
		const struct opening *opening = &openings[number % OPENINGS];
		memcpy(bytes + at, opening->bytes, opening->size);
	} while (insn_decode(insn, bytes, INSN_MAX_LENGTH, 32) != DECODE_OK);
}

START_TEST(sensitive_instructions_are_told_from_harmless_ones)
{
	struct machine *m = boot(guest_open("hello"));
	uint32_t bytes_at = call_scratch(m), insn_at = bytes_at + 64;

	hint("A selector in DS, ES, FS or GS is the guest's own, in CS and SS it is not. What traps by itself needs no breakpoint.");
	for (unsigned i = 0; i < ASKED; i++) {
		uint8_t bytes[INSN_MAX_LENGTH];
		char text[INSN_TEXT_SIZE];
		struct insn insn;
		instruction_draw(i, bytes, &insn);
		memory_write(m, bytes_at, bytes, sizeof(bytes));
		call(m, "insn_decode", (uint32_t[]){insn_at, bytes_at, INSN_MAX_LENGTH, 32}, 4);
		uint32_t got = (uint32_t)call(m, "scan_classify", &insn_at, 1);
		uint32_t want = insn_may_run_as_it_is(&insn) ? COPIED : REPLACED;
		insn_format(&insn, 0x100000, text, sizeof(text));
		ck_assert_msg(got == want,
			"scan_classify() says %u of %s (%02x %02x %02x ..., class %s); it is %s",
			got, text, bytes[0], bytes[1], bytes[2], insn_class_name(insn.class),
			want == COPIED ? "CODE_COPIED (1)" : "CODE_REPLACED (2)");
	}
}
END_TEST

/* ---- scan(): a page that the judge has written ---- */

#define PAGES 3
#define UNITS 240

/* What a page must look like when control has come to one of its bytes. */
struct drawn {
	uint8_t bytes[PAGE_SIZE], kind[PAGE_SIZE];
	bool target[PAGE_SIZE];
	uint16_t start[UNITS + 1];
	unsigned units, branches;
};

/* A unit: an instruction that goes on to the next one, or data that is jumped over. */
static unsigned unit_draw(struct drawn *d, unsigned at)
{
	static const uint8_t harmless[][6] = {{1, 0x90}, {2, 0x01, 0xd8}, {5, 0xb8, 1, 2, 0xcc, 4},
		{3, 0x83, 0xc0, 0x9c}, {1, 0x50}, {1, 0x58}, {3, 0x8b, 0x44, 0x24}, {1, 0xfa},
		{1, 0xfb}, {2, 0x8c, 0xd8}, {1, 0x1e}, {1, 0x1f}, {3, 0x0f, 0x20, 0xc0}, {1, 0xf4},
		{2, 0x8e, 0xd8}};
	static const uint8_t sensitive[][4] = {{1, 0x9c}, {1, 0x9d}, {2, 0x8c, 0xc8},
		{2, 0x8c, 0xd3}, {1, 0x0e}, {1, 0x16}, {3, 0x0f, 0x01, 0xe0}, {2, 0x0f, 0xa2},
		{2, 0x66, 0x9c}, {3, 0x0f, 0x00, 0xc8}};
	bool replaced = random_below(3) == 0;
	const uint8_t *unit =
		replaced ? sensitive[random_below(sizeof(sensitive) / sizeof(sensitive[0]))]
			 : harmless[random_below(sizeof(harmless) / sizeof(harmless[0]))];
	unsigned length = unit[0];

	memcpy(d->bytes + at, unit + 1, length);
	if (!replaced && unit[1] == 0x8b)
		d->bytes[at + length++] = 4; /* mov eax, [esp + 4] */
	d->kind[at] = replaced ? REPLACED : COPIED;
	memset(d->kind + at + 1, INSIDE, length - 1);
	return length;
}

/* A branch of any kind, to the beginning of a unit that is drawn when all are known. */
static unsigned branch_draw(struct drawn *d, unsigned at, bool *ends)
{
	static const uint8_t branches[][3] = {
		{5, 0xe8}, {5, 0xe9}, {6, 0x0f, 0x84}, {6, 0x0f, 0x8f}};
	unsigned which = random_below(8) ? 2 + random_below(2) : random_below(2),
		 length = branches[which][0];

	memcpy(d->bytes + at, branches[which] + 1, length - 4);
	d->kind[at] = COPIED;
	memset(d->kind + at + 1, INSIDE, length - 1);
	d->branches++;
	*ends = which == 1;
	return length;
}

static void page_draw(struct drawn *d)
{
	unsigned at = 0, place[UNITS], length[UNITS], branches = 0;

	memset(d, 0, sizeof(*d));
	for (d->units = 0; d->units < UNITS - 1 && at < PAGE_SIZE - 64; d->units++) {
		bool ends = false;
		d->start[d->units] = (uint16_t)at;
		if (d->branches < 24 && random_below(9) == 0) {
			place[branches] = at;
			length[branches] = branch_draw(d, at, &ends);
			at += length[branches++];
		} else {
			at += unit_draw(d, at);
		}
		if (ends) /* what looks like code, and is not */
			for (unsigned i = 8 + random_below(24); i > 0; i--)
				d->bytes[at++] = random_below(2) ? 0x9c : (uint8_t)random_u32();
	}
	d->start[d->units++] = (uint16_t)at;
	d->kind[at] = COPIED;
	d->bytes[at] = 0xc3; /* ret */
	for (at++; at < PAGE_SIZE; at++)
		d->bytes[at] = (uint8_t)random_u32();
	for (unsigned i = 0; i < branches; i++) {
		uint32_t to = d->start[random_below(d->units)], behind = place[i] + length[i];
		uint32_t distance = to - behind;
		memcpy(d->bytes + behind - 4, &distance, sizeof(distance));
	}
}

/* Does control certainly come to what is behind it? */
static bool goes_on(const struct insn *insn)
{
	switch (insn->mnemonic) {
	case MNEMONIC_CALL:
	case MNEMONIC_JMP:
	case MNEMONIC_RET:
	case MNEMONIC_INT:
	case MNEMONIC_INT3:
		return false;
	default:
		return true;
	}
}

/* What control reaches from a unit on: the rest is unknown. */
static void page_reach(struct drawn *d, uint32_t from)
{
	bool known[PAGE_SIZE] = {false};
	uint32_t way[64] = {from}, ways = 1;

	while (ways) {
		uint32_t at = way[--ways];
		while (!known[at]) {
			struct insn insn;
			known[at] = true;
			insn_decode(&insn, d->bytes + at, PAGE_SIZE - at, 32);
			memset(known + at, true, insn.length);
			uint32_t next = at + insn.length, to = insn_branch_target(&insn, at);
			bool branch =
				insn.class == INSN_CONTROL_FLOW && insn.mnemonic != MNEMONIC_RET;
			if (branch) {
				d->target[to] = true;
				way[ways++] = to;
			}
			if (!goes_on(&insn))
				break;
			at = next;
		}
	}
	for (uint32_t i = 0; i < PAGE_SIZE; i++)
		if (!known[i])
			d->kind[i] = UNKNOWN;
}

static void page_compare(struct machine *m, const struct drawn *d, uint32_t record, uint32_t from)
{
	static const char *const kinds[] = {
		"CODE_UNKNOWN", "CODE_COPIED", "CODE_REPLACED", "CODE_STEPPED", "CODE_INSIDE"};
	uint8_t kind[PAGE_SIZE], copy[PAGE_SIZE], target[PAGE_SIZE];
	uint32_t linear = memory_read_u32(m, record + CODE_PAGE_LINEAR_OFFSET);
	bool shown = false;

	memory_read(m, record + CODE_PAGE_KIND_OFFSET, kind, PAGE_SIZE);
	memory_read(m, record + CODE_PAGE_TARGET_OFFSET, target, PAGE_SIZE);
	memory_read(m, memory_read_u32(m, record + CODE_PAGE_COPY_OFFSET), copy, PAGE_SIZE);
	for (uint32_t i = 0; i < PAGE_SIZE; i++) {
		char text[INSN_TEXT_SIZE] = "data, or the inside of an instruction";
		struct insn insn;
		if (d->kind[i] != UNKNOWN && d->kind[i] != INSIDE &&
			insn_decode(&insn, d->bytes + i, PAGE_SIZE - i, 32) == DECODE_OK)
			insn_format(&insn, linear + i, text, sizeof(text));
		if (d->kind[i] != INSIDE)
			shown = d->kind[i] == COPIED;
		uint8_t want = shown ? d->bytes[i] : 0xcc;
		if (kind[i] == d->kind[i] && target[i] == d->target[i] && copy[i] == want)
			continue;
		ck_assert_msg(kind[i] == d->kind[i],
			"a scan that began at %08x leaves kind %u at %08x (%s); it should be %s",
			linear + from, kind[i], linear + i, text, kinds[d->kind[i]]);
		ck_assert_msg(target[i] == d->target[i],
			"a scan that began at %08x: target[] is %u for %08x (%s)", linear + from,
			target[i], linear + i, text);
		ck_assert_msg(copy[i] == want,
			"a scan that began at %08x leaves %02x at %08x of the copy (%s), where %02x should be",
			linear + from, copy[i], linear + i, text, want);
	}
}

START_TEST(a_scan_goes_the_ways_that_control_can_go)
{
	static struct drawn d;
	uint32_t arguments[3];

	hint("Behind each instruction that goes on, and to the target of each direct branch. What lies behind JMP, RET, CALL and INT may be data.");
	for (int i = 0; i < PAGES; i++) {
		struct machine *m = boot(guest_open("hello"));
		run_until(m, monitor_symbol("scan"));
		memory_read(m, registers(m)->esp + 4, arguments, sizeof(arguments));
		page_draw(&d);
		arguments[2] = d.start[random_below(d.units / 2)];
		memory_write(m, memory_read_u32(m, arguments[1] + CODE_PAGE_ORIGINAL_OFFSET),
			d.bytes, PAGE_SIZE);
		call(m, "scan", arguments, 3);
		page_reach(&d, arguments[2]);
		page_compare(m, &d, arguments[1], arguments[2]);
		machine_end(m);
	}
}
END_TEST

const struct graded_test patch_scan_tests[] = {
	{&sensitive_instructions_are_told_from_harmless_ones, EQUIVALENCE, 2, "hello"},
	{&a_scan_goes_the_ways_that_control_can_go, EQUIVALENCE, 3, "hello"},
	{0},
};
