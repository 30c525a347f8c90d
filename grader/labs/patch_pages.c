/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 4: pages of random code that overlaps, with branches into the middle of instructions and
 * instructions across the page's end. scan(), patch_make(), patch_entry() and code_written() are
 * called from outside, in any order, and after each call the page is held against the contract
 * (monitor/include/patch.h): what kind each byte is, what the copy has there, what a jump stands
 * for. No guest runs: what is wrong here may take a guest that is rare to notice.
 */
#include "patch_model.h"
#include "monitor_layout.h"

#define DRAWN      90  /* pages */
#define AREA       160 /* bytes of code in each */
#define RELATIVE_8 9
#define TRIES      4 /* to draw what makes trouble */
#define LINEAR_MAX 0x01000000u

/* ---- pages ---- */

/* Where the code of a page is, where there is none, and where the last jump was wanted. */
static uint32_t area, elsewhere, latest;

/* Bytes that begin instructions of all sorts, also where they are a part of another one. */
static uint8_t byte_draw(void)
{
	static const uint8_t heads[] = {0x9c, 0x9d, 0x9c, 0x9d, 0xfa, 0xfb, 0xfb, 0xcf, 0x0e, 0x16,
		0x90, 0x90, 0x50, 0x58, 0x40, 0x48, 0xf8, 0x1e, 0x1f, 0x8c, 0x8c, 0x8e, 0xc8, 0xd3,
		0x66, 0x2e, 0xf0, 0xb8, 0x68, 0xa9, 0x04, 0x6a, 0x81, 0xc7, 0x8b, 0x83, 0x05, 0x01,
		0xcd, 0xcc, 0xc3, 0xf4, 0xd9, 0xd9};

	return heads[random_below(sizeof(heads))];
}

/* A branch, mostly to somewhere near. */
static uint32_t branch_draw(uint8_t *code)
{
	/* the first RELATIVE_8 have a distance of one byte, or want none */
	static const uint8_t heads[][4] = {{1, 0xeb}, {1, 0x74}, {1, 0x75}, {1, 0x7f}, {1, 0xe2},
		{1, 0xe3}, {2, 0x66, 0x75}, {2, 0xff, 0xd0}, {2, 0xff, 0xe0}, {1, 0xe8}, {1, 0xe9},
		{2, 0x0f, 0x85}};
	uint32_t which = random_below(sizeof(heads) / sizeof(heads[0]));
	uint32_t length = heads[which][0], distance = random_below(100) - 60;

	if (random_below(8) == 0)
		distance = random_u32();
	memcpy(code, heads[which] + 1, length);
	memcpy(code + length, &distance, sizeof(distance));
	return length + (which < RELATIVE_8 ? 1 : sizeof(distance));
}

/* The same prefix up to 14 times, and STI or NOP. */
static uint32_t prefixes_draw(uint8_t *code)
{
	uint32_t count = 10 + random_below(5);

	memset(code, 0x2e, count);
	code[count] = random_below(8) ? 0xfb : 0x90;
	return count + 1;
}

/* Most of the page is RET. The code lies at its beginning or its end; what lies in the page behind
 * goes on like it. */
static void page_draw(struct page *p)
{
	uint8_t *own = p->seen.own;
	uint32_t end = random_below(3) ? PAGE_SIZE : AREA;
	bool long_ones = random_below(3) == 0;

	memset(own, 0xc3, PAGE_SIZE);
	area = end - AREA;
	elsewhere = PAGE_SIZE / 2;
	latest = area;
	for (uint32_t at = area, behind = end + INSN_MAX_LENGTH; at < behind;) {
		uint8_t unit[INSN_MAX_LENGTH];
		uint32_t length = 1;
		unit[0] = byte_draw();
		if (random_below(9) == 0)
			length = branch_draw(unit);
		else if (long_ones && random_below(8))
			length = prefixes_draw(unit);
		memcpy(own + at, unit, behind - at < length ? behind - at : length);
		at += length;
	}
}

/* Nothing is known of it. The monitor's record, which is in use, gets the new bytes, and a linear
 * address that is not the guest-physical one. */
static void page_begin(struct page *p)
{
	static const uint8_t zero[PAGE_SIZE];
	struct seen *seen = &p->seen;
	uint32_t patch, record = seen->record;
	uint8_t none[PAGE_SIZE];

	memset(none, BREAKPOINT, sizeof(none));
	while ((patch = memory_read_u32(seen->m, record + CODE_PAGE_PATCHES_OFFSET)) != 0)
		call(seen->m, "code_undo_patch", (uint32_t[]){p->vcpu, patch}, 2);
	memset(p->kind, UNKNOWN, sizeof(p->kind));
	memset(p->target, 0, sizeof(p->target));
	memset(p->was_run, 0, sizeof(p->was_run));
	page_draw(p);
	seen->linear = random_below(LINEAR_MAX / PAGE_SIZE) * PAGE_SIZE;
	p->strict = random_below(4) ? 0 : 1 + random_below(2);
	uint32_t original = memory_read_u32(seen->m, record + CODE_PAGE_ORIGINAL_OFFSET);
	uint32_t behind = original + PAGE_SIZE;
	memory_write(seen->m, original, seen->own, sizeof(seen->own));
	memory_write(seen->m, record + CODE_PAGE_NEXT_OFFSET, &behind, sizeof(behind));
	memory_write(seen->m, record + CODE_PAGE_LINEAR_OFFSET, &seen->linear, 4);
	memory_write(seen->m, record + CODE_PAGE_KIND_OFFSET, zero, PAGE_SIZE);
	memory_write(seen->m, record + CODE_PAGE_TARGET_OFFSET, zero, PAGE_SIZE);
	memory_write(
		seen->m, memory_read_u32(seen->m, record + CODE_PAGE_COPY_OFFSET), none, PAGE_SIZE);
	uint32_t view = memory_read_u32(seen->m, p->vcpu + VCPU_CODE_VIEW_OFFSET);
	memory_write(seen->m, view + CODE_VIEW_STRICT_OFFSET, &p->strict, 4);
}

/* ---- the organs ---- */

static void page_at(struct page *p, const char *what, uint32_t at)
{
	snprintf(p->seen.when, sizeof(p->seen.when), "%s %08x", what, p->seen.linear + at);
}

/* A byte of the code, more often one of the last, or one before a jump. */
static uint32_t place_draw(void)
{
	uint32_t before = random_below(12);

	switch (random_below(4)) {
	case 0:
		return area + AREA - 1 - random_below(8);
	case 1:
		return latest - area < before ? area : latest - before;
	default:
		return area + random_below(AREA);
	}
}

static void page_scan_from(struct page *p, uint32_t at)
{
	if (kind_begins(p->kind[at]))
		return;
	page_at(p, "after a scan from", at);
	call(p->seen.m, "scan", (uint32_t[]){p->vcpu, p->seen.record, at}, 3);
	model_scan(p, at);
	model_check(p);
}

static void page_scan(struct page *p)
{
	page_scan_from(p, place_draw());
}

/* JMP to a byte of the code, from where nothing has been found. */
static void page_branch(struct page *p)
{
	uint32_t at = elsewhere, distance = place_draw() - (at + JUMP_SIZE);
	uint8_t *own = p->seen.own + at;

	elsewhere += JUMP_SIZE;
	for (uint32_t i = 0; i < JUMP_SIZE; i++)
		if (p->kind[at + i] != UNKNOWN)
			return;
	own[0] = 0xe9;
	memcpy(own + 1, &distance, sizeof(distance));
	memory_write(p->seen.m,
		memory_read_u32(p->seen.m, p->seen.record + CODE_PAGE_ORIGINAL_OFFSET) + at, own,
		JUMP_SIZE);
	page_scan_from(p, at);
}

/* An instruction that the monitor has to perform, and that has no jump. */
static bool is_candidate(const struct page *p, uint32_t at)
{
	struct insn insn;

	if (p->seen.in_run[at] || !kind_begins(p->seen.kind[at]))
		return false;
	return p->seen.kind[at] != COPIED ||
	       (seen_decode(&p->seen, at, &insn) &&
		       (insn.mnemonic == MNEMONIC_CLI || insn.mnemonic == MNEMONIC_STI));
}

static void page_patch(struct page *p)
{
	uint32_t at = place_draw();

	for (int i = 0; i < TRIES && !(is_candidate(p, at) && p->target[at]); i++)
		at = place_draw();
	for (uint32_t i = 0; i < AREA && !is_candidate(p, at); i++)
		at = area + (at + 1 - area) % AREA;
	if (!is_candidate(p, at))
		return;
	latest = at;
	page_at(p, "after patch_make() for", at);
	bool done = (uint8_t)call(
		p->seen.m, "patch_make", (uint32_t[]){p->vcpu, p->seen.record, at}, 3);
	if (!done)
		return; /* what it has changed is seen by the next look */
	model_check(p);
	if (!p->seen.in_run[at])
		seen_wrong(&p->seen, at, "patch_make() has made no jump for this instruction");
	if (random_below(16) == 0)
		audit_ways_in(&p->seen,
			memory_read_u32(p->seen.m, p->seen.record + CODE_PAGE_PATCHES_OFFSET));
}

/* ---- code_written() ---- */

/* 1: a written byte is of an instruction that was found. 0: none is. -1: it lies in the page
 * behind, where some instruction might reach. */
static int written_matters(const struct page *p, uint32_t offset, uint32_t size)
{
	struct insn insn;

	for (uint32_t i = offset; i < offset + size && i < PAGE_SIZE; i++)
		if (p->kind[i] != UNKNOWN)
			return 1;
	for (uint32_t i = PAGE_SIZE - INSN_MAX_LENGTH + 1; i < PAGE_SIZE; i++)
		if (kind_begins(p->kind[i]) && seen_decode(&p->seen, i, &insn) &&
			i + insn.length > offset && offset >= PAGE_SIZE)
			return 1;
	return offset < PAGE_SIZE || offset >= PAGE_SIZE + INSN_MAX_LENGTH - 1 ? 0 : -1;
}

static void page_write(const struct page *p)
{
	uint32_t offset = random_below(2) ? place_draw() : PAGE_SIZE - 8 + random_below(24);
	uint32_t size = 1 + random_below(6);

	if (offset < PAGE_SIZE && offset + size > PAGE_SIZE)
		size = PAGE_SIZE - offset;
	int wanted = written_matters(p, offset, size);
	bool got = (uint8_t)call(
		p->seen.m, "code_written", (uint32_t[]){p->seen.record, offset, size}, 3);
	ck_assert_msg(wanted < 0 || got == (wanted > 0),
		"code_written() says %u of %u bytes at %08x, which is byte %u from the beginning of a page at %08x: there %s",
		got, size, p->seen.linear + offset, offset, p->seen.linear,
		wanted ? "an instruction was found" : "nothing was found");
}

/* ---- the test ---- */

START_TEST(random_code_is_scanned_and_patched_by_the_contract)
{
	static void (*const actions[])(struct page *) = {
		page_patch, page_patch, page_scan, page_branch};
	static struct page p;
	struct machine *m = boot(guest_open("hello"));
	uint32_t arguments[3];

	hint("Each condition of scan(), breakpoint_set() and patch_make() in patch.h is asked for here, in a page of random code.");
	run_until(m, monitor_symbol("scan"));
	memory_read(m, registers(m)->esp + 4, arguments, sizeof(arguments));
	p.vcpu = arguments[0];
	p.seen = (struct seen){.m = m, .record = arguments[1], .code_size = 32};
	for (int i = 0; i < DRAWN; i++) {
		page_begin(&p);
		for (int j = 0; j < 2; j++)
			page_scan(&p);
		for (int j = 0; j < 8; j++)
			page_write(&p);
		for (int j = 0; j < 32; j++)
			actions[random_below(sizeof(actions) / sizeof(actions[0]))](&p);
	}
	machine_end(m);
}
END_TEST

const struct graded_test patch_pages_tests[] = {
	{&random_code_is_scanned_and_patched_by_the_contract, RESOURCE_CONTROL, 3, "hello"},
	{0},
};
