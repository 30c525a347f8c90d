/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 4: what the processor really fetches of a guest's kernel, from outside. From the real CR3 on
 * every copy in the code view is compared with the guest's own page, byte by byte. What the monitor
 * says of the bytes (kind[], the list of jumps) is looked at only to hold it against the bytes.
 *
 * Intel SDM volume 3A, 4.3; monitor/include/patch.h has the invariants.
 */
#include "patch_audit.h"
#include "monitor_layout.h"

#include <stdarg.h>
#include <stdlib.h>

#define BREAKPOINT  0xcc
#define JUMP        0xe9
#define JUMP_SIZE   5
#define VIEW_FIRST  (CODE_VIEW / LARGE_PAGE_SIZE)
#define VIEW_TABLES (CODE_MAX / LARGE_PAGE_SIZE)

enum { UNKNOWN, COPIED, REPLACED, STEPPED, INSIDE };

typedef uint32_t table_t[TABLE_ENTRIES];

/* One copy, and the page that it stands for. */
struct seen {
	struct machine *m;
	uint32_t linear, record; /* record: the monitor's struct code_page */
	uint8_t own[PAGE_SIZE], copy[PAGE_SIZE], kind[PAGE_SIZE];
	bool in_run[PAGE_SIZE];  /* of a jump */
	bool allowed[PAGE_SIZE]; /* need not be a breakpoint */
	unsigned code_size;
};

bool insn_may_run_as_it_is(const struct insn *insn)
{
	struct insn_operand operand[INSN_OPERANDS_MAX];
	unsigned count = insn_operands(insn, operand);

	if (insn->class != INSN_SENSITIVE)
		return true;
	switch (insn->mnemonic) {
	case MNEMONIC_LDS:
	case MNEMONIC_LES:
	case MNEMONIC_LFS:
	case MNEMONIC_LGS:
		return true;
	case MNEMONIC_MOV:
	case MNEMONIC_PUSH:
	case MNEMONIC_POP:
		for (unsigned i = 0; i < count; i++)
			if (operand[i].kind == OPERAND_SEGMENT)
				return operand[i].reg != SEGMENT_CS && operand[i].reg != SEGMENT_SS;
		return false;
	default:
		return false;
	}
}

/* ---- one copy ---- */

static const char *insn_at(const struct seen *seen, uint32_t offset, struct insn *insn)
{
	static char text[INSN_TEXT_SIZE];

	snprintf(text, sizeof(text), "(no instruction)");
	if (insn_decode(insn, seen->own + offset, PAGE_SIZE - offset, seen->code_size) == DECODE_OK)
		insn_format(insn, seen->linear + offset, text, sizeof(text));
	else
		insn->length = 0;
	return text;
}

__attribute__((format(printf, 3, 4), noreturn)) static void wrong(
	const struct seen *seen, uint32_t offset, const char *format, ...)
{
	char what[200];
	struct insn insn;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	ck_abort_msg(
		"after %llu instructions, in the copy of the guest's code at %08x: %s. The guest has %02x there (%s), the copy %02x",
		(unsigned long long)ticks(seen->m), seen->linear + offset, what, seen->own[offset],
		insn_at(seen, offset, &insn), seen->copy[offset]);
}

/* The jump of a patch: E9 CC CC CC xx, and breakpoints behind it as far as the run goes. `patch` is
 * the monitor's record. */
static void audit_jump(struct seen *seen, const uint8_t *patch)
{
	uint32_t first = patch[PATCH_RUN_OFFSET] | patch[PATCH_RUN_OFFSET + 1] << 8;
	uint32_t length = patch[PATCH_LENGTH_OFFSET] | patch[PATCH_LENGTH_OFFSET + 1] << 8;
	uint32_t distance, entry;

	if (first + JUMP_SIZE > PAGE_SIZE || length < JUMP_SIZE)
		wrong(seen, first % PAGE_SIZE, "a jump has no room here");
	for (uint32_t i = first; i < first + length && i < PAGE_SIZE; i++) {
		bool jump = i < first + JUMP_SIZE;
		uint8_t want = i == first ? JUMP : BREAKPOINT;
		if (seen->in_run[i])
			wrong(seen, i, "two jumps stand for the same byte");
		seen->in_run[i] = true;
		seen->allowed[i] = jump;
		if (i != first + JUMP_SIZE - 1 && seen->copy[i] != want)
			wrong(seen, i,
				"a jump to a patch block begins at %08x. Its displacement's first three bytes and what is left of its run are breakpoints",
				seen->linear + first);
	}
	memcpy(&distance, seen->copy + first + 1, sizeof(distance));
	uint32_t to = seen->linear + first + JUMP_SIZE + distance;
	memcpy(&entry, patch + PATCH_ENTRY_OFFSET, sizeof(entry));
	if (to != entry || to < CODE_MAX)
		wrong(seen, first, "this jump leads to %08x, and its block is entered at %08x", to,
			entry);
	if (seen->kind[first + JUMP_SIZE - 1] != INSIDE &&
		seen->kind[first + JUMP_SIZE - 1] != UNKNOWN)
		wrong(seen, first, "an instruction begins in the fifth byte of a jump");
}

static void audit_copied(struct seen *seen, uint32_t offset)
{
	struct insn insn;

	insn_at(seen, offset, &insn);
	if (!insn.length || offset + insn.length > PAGE_SIZE)
		wrong(seen, offset,
			"what is CODE_COPIED here does not end in this page, or is none");
	if (!insn_may_run_as_it_is(&insn))
		wrong(seen, offset, "a sensitive instruction is CODE_COPIED");
	for (uint32_t i = offset; i < offset + insn.length; i++) {
		seen->allowed[i] = true;
		if (!seen->in_run[offset] && seen->copy[i] != seen->own[i])
			wrong(seen, i,
				"the instruction at %08x is CODE_COPIED, and this byte of it is not what the guest has",
				seen->linear + offset);
	}
}

static unsigned audit_bytes(struct seen *seen)
{
	unsigned revealed = 0;

	for (uint32_t at = memory_read_u32(seen->m, seen->record + CODE_PAGE_PATCHES_OFFSET); at;) {
		uint8_t patch[PATCH_NEXT_OFFSET + sizeof(at)];
		memory_read(seen->m, at, patch, sizeof(patch));
		audit_jump(seen, patch);
		memcpy(&at, patch + PATCH_NEXT_OFFSET, sizeof(at));
	}
	for (uint32_t i = 0; i < PAGE_SIZE; i++) {
		if (seen->kind[i] == COPIED)
			audit_copied(seen, i);
		else if ((seen->kind[i] == REPLACED || seen->kind[i] == STEPPED) &&
			 !seen->in_run[i] && seen->copy[i] != BREAKPOINT)
			wrong(seen, i,
				"an instruction that must not run here begins with no breakpoint");
	}
	for (uint32_t i = 0; i < PAGE_SIZE; i++) {
		revealed += seen->copy[i] != BREAKPOINT;
		if (seen->copy[i] != BREAKPOINT && !seen->allowed[i])
			wrong(seen, i, "a byte is shown that no scan has reached");
	}
	return revealed;
}

/* ---- all that are mapped ---- */

/* The monitor's records, and where their copies are. */
#define RECORDS_MAX 4096
struct records {
	uint32_t record[RECORDS_MAX], copy[RECORDS_MAX];
	unsigned count;
};

static void records_read(struct machine *m, struct records *records)
{
	uint32_t view = memory_read_u32(m, running_vcpu(m) + VCPU_CODE_VIEW_OFFSET);
	uint32_t page = memory_read_u32(m, view + CODE_VIEW_NEWEST_OFFSET);

	for (records->count = 0; page && records->count < RECORDS_MAX; records->count++) {
		records->record[records->count] = page;
		records->copy[records->count] = memory_read_u32(m, page + CODE_PAGE_COPY_OFFSET);
		page = memory_read_u32(m, page + CODE_PAGE_OLDER_OFFSET);
	}
}

/* The one whose copy is in that frame; 0: there is none. */
static uint32_t record_of(const struct records *records, uint32_t frame)
{
	for (unsigned i = 0; i < records->count; i++)
		if (records->copy[i] == MONITOR_BASE + frame)
			return records->record[i];
	return 0;
}

static unsigned audit_copy(struct machine *m, const struct records *records, uint32_t linear,
	uint32_t entry, uint32_t own)
{
	static struct seen seen;

	memset(&seen, 0, sizeof(seen));
	seen.m = m;
	seen.linear = linear;
	seen.record = record_of(records, entry & PTE_FRAME);
	ck_assert_msg(seen.record && !(entry & (PTE_US | PTE_RW)),
		"the code view has %08x for the guest's address %08x: no copy that the monitor knows, or one that can be written or reached from ring 3",
		entry, linear);
	ck_assert_msg(own & PTE_P,
		"the code view has a copy for the guest's address %08x, and the shadow has no page there",
		linear);
	machine_memory_read(m, own & PTE_FRAME, seen.own, PAGE_SIZE);
	machine_memory_read(m, entry & PTE_FRAME, seen.copy, PAGE_SIZE);
	memory_read(m, seen.record + CODE_PAGE_KIND_OFFSET, seen.kind, PAGE_SIZE);
	seen.code_size = memory_read_u32(m, seen.record + CODE_PAGE_CODE_SIZE_OFFSET);
	return audit_bytes(&seen);
}

#define AUDITED 32 /* copies at one moment, where there are more: drawn at random */

unsigned audit_code_view(struct machine *m)
{
	static struct records records;
	table_t root, copies, pages;
	unsigned revealed = 0, mapped = 0;

	if (!audit_reach_guest(m, monitor_symbol("vm_end")))
		return 0;
	records_read(m, &records);
	machine_memory_read(m, registers(m)->cr3 & PTE_FRAME, root, sizeof(root));
	for (uint32_t t = 0; t < VIEW_TABLES; t++) {
		if (!(root[VIEW_FIRST + t] & PTE_P))
			continue;
		machine_memory_read(m, root[VIEW_FIRST + t] & PTE_FRAME, copies, sizeof(copies));
		memset(pages, 0, sizeof(pages));
		if (root[t] & PTE_P)
			machine_memory_read(m, root[t] & PTE_FRAME, pages, sizeof(pages));
		for (uint32_t i = 0; i < TABLE_ENTRIES; i++)
			if (copies[i] & PTE_P && (mapped++ < AUDITED || random_below(8) == 0))
				revealed += audit_copy(m, &records,
					t * LARGE_PAGE_SIZE + i * PAGE_SIZE, copies[i], pages[i]);
	}
	return revealed;
}

/* ---- the guest's own memory ---- */

struct text text_take(struct machine *m, bool bare, const struct guest *guest)
{
	struct text text = {.start = GUEST_LOAD};

	while (guest_has_code_at(guest, text.start + text.size + PAGE_SIZE))
		text.size += PAGE_SIZE;
	text.bytes = malloc(text.size);
	if (!text.bytes)
		infrastructure_error("out of memory");
	physical_read(m, bare, text.start, text.bytes, text.size);
	return text;
}

void text_check(struct machine *m, const struct guest *guest, const struct text *before)
{
	struct text now = text_take(m, false, guest);

	size_t i = 0;
	while (i < now.size && now.bytes[i] == before->bytes[i])
		i++;
	if (i < now.size)
		ck_abort_msg(
			"the guest's own memory has changed: at %08zx in its text there was %02x, and now there is %02x",
			before->start + i, before->bytes[i], now.bytes[i]);
	free(now.bytes);
}

/* ---- tests ---- */

#define STOPS 8

/* Looks at all copies at random moments of a guest's life. */
static void audit_now_and_then(struct guest *guest, const char *words, uint32_t apart)
{
	struct machine *m = boot_several(&(struct boot_guest){guest, words}, 1);
	uint32_t end = monitor_symbol("vm_end");
	unsigned revealed = 0;

	run_until(m, guest_symbol(guest, "kernel_main"));
	struct text before = text_take(m, false, guest);
	for (int i = 0; i < STOPS && !run_until_or_for(m, end, 1 + random_below(apart)); i++) {
		revealed += audit_code_view(m);
		text_check(m, guest, &before);
	}
	ck_assert_msg(revealed > STOPS,
		"%u bytes of copies were no breakpoints at %d moments: the guest runs by something else",
		revealed, STOPS);
	free(before.bytes);
	machine_end(m);
}

START_TEST(every_copy_is_right_at_any_moment)
{
	struct guest *leaps = guest_open("leaps");

	guest_write_u32(leaps, "leaps_seed", random_u32() | 1);
	audit_now_and_then(leaps, "mem=4", 3000000);
	audit_now_and_then(leaps, "mem=4 patch=0", 3000000);
}
END_TEST

START_TEST(copies_of_an_operating_system_are_right)
{
	audit_now_and_then(
		guest_open("pocket"), "mem=4 run=selftest:calls:processes:memory", 800000);
}
END_TEST

const struct graded_test patch_audit_tests[] = {
	{&every_copy_is_right_at_any_moment, RESOURCE_CONTROL, 4, "leaps"},
	{&copies_of_an_operating_system_are_right, RESOURCE_CONTROL, 3, "pocket"},
	{0},
};
