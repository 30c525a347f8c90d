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

#define VIEW_FIRST  (CODE_VIEW / LARGE_PAGE_SIZE)
#define VIEW_TABLES (CODE_MAX / LARGE_PAGE_SIZE)

typedef uint32_t table_t[TABLE_ENTRIES];

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

bool seen_decode(const struct seen *seen, uint32_t offset, struct insn *insn)
{
	return insn_decode(insn, seen->own + offset, INSN_MAX_LENGTH, seen->code_size) == DECODE_OK;
}

void seen_wrong(const struct seen *seen, uint32_t offset, const char *format, ...)
{
	char what[200], text[INSN_TEXT_SIZE] = "no instruction";
	struct insn insn;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	if (seen_decode(seen, offset, &insn))
		insn_format(&insn, seen->linear + offset, text, sizeof(text));
	ck_abort_msg(
		"%s, in the copy of the guest's code at %08x: %s. The guest has %02x there (%s), the copy %02x",
		seen->when, seen->linear + offset, what, seen->own[offset], text,
		seen->copy[offset]);
}

/* An instruction that runs as it is. One that begins in a run has a breakpoint there, or the jump:
 * what of it lies behind the run may be shown, and need not. */
static void audit_copied(const struct seen *seen, uint32_t offset, bool must[], bool may[])
{
	struct insn insn;

	if (!seen_decode(seen, offset, &insn) || offset + insn.length > PAGE_SIZE)
		seen_wrong(seen, offset,
			"what is CODE_COPIED here does not end in this page, or is none");
	if (!insn_may_run_as_it_is(&insn))
		seen_wrong(seen, offset, "a sensitive instruction is CODE_COPIED");
	for (uint32_t i = offset; i < offset + insn.length; i++) {
		if (i > offset && (seen->kind[i] == REPLACED || seen->kind[i] == STEPPED))
			seen_wrong(seen, i,
				"inside the instruction at %08x, which is CODE_COPIED, one begins that has a breakpoint",
				seen->linear + offset);
		if (seen->in_run[i] && !seen->in_run[offset])
			seen_wrong(seen, i,
				"the instruction at %08x is CODE_COPIED, and reaches into the run of a jump",
				seen->linear + offset);
		(seen->in_run[offset] ? may : must)[i] = true;
	}
}

static void audit_byte(const struct seen *seen, uint32_t i, bool must, bool may)
{
	if (seen->copy[i] == seen->own[i] && (must || may))
		return;
	if (must)
		seen_wrong(seen, i,
			"the byte is of an instruction that is CODE_COPIED, and not what the guest has");
	if (seen->copy[i] == BREAKPOINT)
		return;
	seen_wrong(seen, i,
		kind_begins(seen->kind[i])
			? "an instruction that must not run here begins with no breakpoint"
			: "a byte is shown that no scan has reached");
}

unsigned audit_page(struct seen *seen)
{
	bool must[PAGE_SIZE] = {false}, may[PAGE_SIZE] = {false};
	unsigned revealed = 0;

	memory_read(seen->m, seen->record + CODE_PAGE_KIND_OFFSET, seen->kind, PAGE_SIZE);
	memory_read(seen->m, seen->record + CODE_PAGE_TARGET_OFFSET, seen->target, PAGE_SIZE);
	memory_read(seen->m, memory_read_u32(seen->m, seen->record + CODE_PAGE_COPY_OFFSET),
		seen->copy, PAGE_SIZE);
	seen->code_size = memory_read_u32(seen->m, seen->record + CODE_PAGE_CODE_SIZE_OFFSET);
	memset(seen->in_run, 0, sizeof(seen->in_run));
	uint32_t patch = memory_read_u32(seen->m, seen->record + CODE_PAGE_PATCHES_OFFSET);
	while (patch)
		patch = audit_patch(seen, patch);
	for (uint32_t i = 0; i < PAGE_SIZE; i++)
		if (seen->kind[i] == COPIED)
			audit_copied(seen, i, must, may);
	for (uint32_t i = 0; i < PAGE_SIZE; i++) {
		if (!seen->in_run[i])
			audit_byte(seen, i, must[i], may[i]);
		revealed += seen->copy[i] != BREAKPOINT;
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
	snprintf(seen.when, sizeof(seen.when), "after %llu instructions",
		(unsigned long long)ticks(m));
	seen.linear = linear;
	seen.record = record_of(records, entry & PTE_FRAME);
	ck_assert_msg(seen.record && !(entry & (PTE_US | PTE_RW)),
		"the code view has %08x for the guest's address %08x: no copy that the monitor knows, or one that can be written or reached from ring 3",
		entry, linear);
	ck_assert_msg(own & PTE_P,
		"the code view has a copy for the guest's address %08x, and the shadow has no page there",
		linear);
	machine_memory_read(m, own & PTE_FRAME, seen.own, PAGE_SIZE);
	uint32_t behind = memory_read_u32(m, seen.record + CODE_PAGE_NEXT_OFFSET);
	if (behind)
		memory_read(m, behind, seen.own + PAGE_SIZE, INSN_MAX_LENGTH);
	return audit_page(&seen);
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
	{&every_copy_is_right_at_any_moment, RESOURCE_CONTROL, 3, "leaps"},
	{&copies_of_an_operating_system_are_right, RESOURCE_CONTROL, 2, "pocket"},
	{0},
};
