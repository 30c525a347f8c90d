/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 4: a jump in a copy, the run of instructions that it stands for, and the block that it leads
 * to, held against the contract of patch_make() (monitor/include/patch.h). What the block does is
 * for the tests that run it. Here it is asked where it leads, and what its points say.
 *
 * A run that breaks the contract may work for years: until a branch comes that lands in it.
 */
#include "patch_audit.h"
#include "monitor_layout.h"

#define RUN_SIZE     48
#define BLOCK_SIZE   192
#define BLOCK_POINTS 64
#define JUMP         0xe9

/* struct block_point */
struct point {
	uint8_t at, original, pushed;
	bool exact, moved, after_sti, undo_if;
};
_Static_assert(PATCH_NEXT_OFFSET - PATCH_POINT_OFFSET == BLOCK_POINTS * sizeof(struct point),
	"bytes alone, in the monitor's order");

/* struct patch, and the bytes of its block. */
struct patch {
	uint32_t first, length, block, entry, block_length, points, next;
	struct point point[BLOCK_POINTS];
	uint8_t code[BLOCK_SIZE + INSN_MAX_LENGTH];
};

static uint32_t field(const uint8_t *record, uint32_t offset, size_t size)
{
	uint32_t value = 0;

	memcpy(&value, record + offset, size);
	return value;
}

static void patch_read(struct machine *m, uint32_t at, struct patch *patch)
{
	uint8_t record[PATCH_NEXT_OFFSET + sizeof(uint32_t)];

	memory_read(m, at, record, sizeof(record));
	memset(patch, 0, sizeof(*patch));
	patch->first = field(record, PATCH_RUN_OFFSET, 2);
	patch->length = field(record, PATCH_LENGTH_OFFSET, 2);
	patch->block = field(record, PATCH_BLOCK_OFFSET, 4);
	patch->entry = field(record, PATCH_ENTRY_OFFSET, 4);
	patch->block_length = field(record, PATCH_BLOCK_LENGTH_OFFSET, 2);
	patch->points = field(record, PATCH_POINTS_OFFSET, 2);
	patch->next = field(record, PATCH_NEXT_OFFSET, 4);
	memcpy(patch->point, record + PATCH_POINT_OFFSET, sizeof(patch->point));
	if (patch->block_length <= BLOCK_SIZE)
		memory_read(m, CODE_VIEW + patch->block, patch->code, patch->block_length);
}

static void audit_sizes(const struct seen *seen, const struct patch *patch)
{
	if (patch->first + JUMP_SIZE > PAGE_SIZE || patch->length < JUMP_SIZE)
		seen_wrong(seen, patch->first % PAGE_SIZE, "a jump has no room here");
	if (patch->length > RUN_SIZE || !patch->points || patch->points > BLOCK_POINTS ||
		patch->block_length > BLOCK_SIZE)
		seen_wrong(seen, patch->first,
			"a run of %u bytes, with a block of %u bytes and %u points", patch->length,
			patch->block_length, patch->points);
}

/* E9 CC CC CC xx, and breakpoints as far as the run goes. */
static void audit_jump(struct seen *seen, const struct patch *patch)
{
	uint32_t distance, first = patch->first;

	for (uint32_t i = first; i < first + patch->length && i < PAGE_SIZE; i++) {
		if (seen->in_run[i])
			seen_wrong(seen, i, "two jumps stand for the same byte");
		seen->in_run[i] = true;
		if (i != first + JUMP_SIZE - 1 && seen->copy[i] != (i == first ? JUMP : BREAKPOINT))
			seen_wrong(seen, i,
				"a jump to a patch block begins at %08x. Its displacement's first three bytes and what is left of its run are breakpoints",
				seen->linear + first);
	}
	memcpy(&distance, seen->copy + first + 1, sizeof(distance));
	uint32_t to = seen->linear + first + JUMP_SIZE + distance;
	if (to != patch->entry || to < CODE_MAX)
		seen_wrong(seen, first, "this jump leads to %08x, and its block is entered at %08x",
			to, patch->entry);
	if (kind_begins(seen->kind[first + JUMP_SIZE - 1]))
		seen_wrong(seen, first, "an instruction begins in the fifth byte of a jump");
}

static bool is_relative(const struct insn *insn)
{
	struct insn_operand operand[INSN_OPERANDS_MAX];

	return insn_operands(insn, operand) && operand[0].kind == OPERAND_RELATIVE;
}

static bool is_flag(const struct insn *insn)
{
	return insn->mnemonic == MNEMONIC_CLI || insn->mnemonic == MNEMONIC_STI;
}

/* Has it a block, or can it be moved as it is? */
static bool is_movable(const struct insn *insn)
{
	static const uint8_t one_byte[] = {0xeb, 0xe9};

	if (!insn_may_run_as_it_is(insn))
		return insn->mnemonic == MNEMONIC_MOV
			       ? modrm_mod(insn->modrm) == MODRM_MOD_REGISTER &&
					 insn->opcode == 0x8c
			       : insn->operand_size == 4 &&
					 (insn->mnemonic == MNEMONIC_PUSHFD ||
						 insn->mnemonic == MNEMONIC_POPFD ||
						 insn->mnemonic == MNEMONIC_IRETD ||
						 insn->mnemonic == MNEMONIC_PUSH);
	bool x87 = insn->map == MAP_ONE_BYTE && (insn->opcode & 0xf8) == 0xd8;
	if (insn->mnemonic == MNEMONIC_CALL || x87) /* they keep EIP */
		return false;
	if (!is_relative(insn))
		return true;
	return insn->operand_size == 4 &&
	       ((insn->map == MAP_ONE_BYTE && (insn->opcode & 0xf0) == 0x70) ||
		       (insn->map == MAP_0F && (insn->opcode & 0xf0) == 0x80) ||
		       memchr(one_byte, insn->opcode, sizeof(one_byte)));
}

/* The point at which the instruction begins; each has one, exact, with nothing on the stack. */
static const struct point *point_of(
	const struct seen *seen, const struct patch *patch, uint32_t original)
{
	for (unsigned i = 0; i < patch->points; i++)
		if (patch->point[i].original == original) {
			if (!patch->point[i].exact || patch->point[i].pushed)
				seen_wrong(seen, patch->first + original,
					"the first point of this instruction in its block is not exact, or has %u bytes pushed",
					patch->point[i].pushed);
			return &patch->point[i];
		}
	return NULL;
}

/* What stands for an instruction that may run as it is. */
static void audit_moved(const struct seen *seen, const struct patch *patch, uint32_t at,
	const struct insn *insn, const struct point *point)
{
	const uint8_t *code = patch->code + point->at;
	uint32_t eip = patch->block + point->at;
	struct insn block;

	if (!point->moved)
		seen_wrong(seen, at,
			"this instruction may run as it is. A fault of it in its block is the guest's own, and its point does not say so");
	if (!is_relative(insn)) {
		if (memcmp(code, seen->own + at, insn->length) != 0)
			seen_wrong(seen, at, "its block has another instruction");
		return;
	}
	uint32_t to = insn_branch_target(insn, seen->linear + at);
	if (insn_decode(&block, code, INSN_MAX_LENGTH, 32) != DECODE_OK ||
		block.mnemonic != insn->mnemonic || insn_branch_target(&block, eip) != to)
		seen_wrong(seen, at, "its block does not branch to %08x as it does", to);
}

static void audit_instruction(const struct seen *seen, const struct patch *patch, uint32_t at,
	const struct insn *insn, bool behind_sti)
{
	const struct point *point = point_of(seen, patch, at - patch->first);

	if (at != patch->first && seen->target[at])
		seen_wrong(seen, at,
			"a branch leads here, into the middle of a run that begins at %08x",
			seen->linear + patch->first);
	for (uint32_t i = at + 1; i < at + insn->length && i < PAGE_SIZE; i++)
		if (seen->target[i])
			seen_wrong(seen, i, "a branch leads here, and a jump stands for it");
	if (!is_movable(insn))
		seen_wrong(seen, at, "this instruction is in a run, and cannot be moved");
	if (!point)
		seen_wrong(seen, at, "its block has no point for this instruction");
	if (point->after_sti != behind_sti)
		seen_wrong(seen, at, "after_sti is %u in the point of this instruction",
			point->after_sti);
	if (insn_may_run_as_it_is(insn) && !is_flag(insn))
		audit_moved(seen, patch, at, insn, point);
	else if (point->moved)
		seen_wrong(seen, at,
			"its block stands for this instruction, and a fault there is not the guest's: `moved` of its point");
}

static bool ends_run(const struct insn *insn)
{
	return insn->class == INSN_CONTROL_FLOW || insn->mnemonic == MNEMONIC_IRETD;
}

/* Instruction behind instruction. Returns the last one. */
static struct insn audit_run(const struct seen *seen, const struct patch *patch)
{
	uint32_t at = patch->first, end = patch->first + patch->length;
	struct insn insn = {0};

	while (at < end) {
		bool behind_sti = at != patch->first && insn.mnemonic == MNEMONIC_STI;
		if (at != patch->first && ends_run(&insn))
			seen_wrong(seen, at, "a run goes on behind a transfer");
		if (at >= PAGE_SIZE || !kind_begins(seen->kind[at]) ||
			!seen_decode(seen, at, &insn) || at + insn.length > end)
			seen_wrong(seen, at % PAGE_SIZE,
				"the run of the jump at %08x has %u bytes. It is no row of known instructions",
				seen->linear + patch->first, patch->length);
		audit_instruction(seen, patch, at, &insn, behind_sti);
		at += insn.length;
	}
	if (insn.mnemonic == MNEMONIC_STI)
		seen_wrong(seen, patch->first, "a run ends with STI");
	return insn;
}

/* The block's own instructions, each with its point. */
static void audit_block(const struct seen *seen, const struct patch *patch, const struct insn *last)
{
	uint32_t at = 0;
	struct insn insn = {0};
	const struct point *point = patch->point;

	for (unsigned i = 0; i < patch->points; i++, at += insn.length) {
		point = &patch->point[i];
		if (point->at != at || at >= patch->block_length ||
			insn_decode(&insn, patch->code + at, INSN_MAX_LENGTH, 32) != DECODE_OK)
			seen_wrong(seen, patch->first,
				"byte %u of its block, at %08x, has point %u, and is not its instruction number %u",
				point->at, patch->block + point->at, i, i);
		if (i && point->original < point[-1].original)
			seen_wrong(seen, patch->first,
				"the points of its block go back, at number %u", i);
		if (insn.mnemonic == MNEMONIC_IRETD && !point->undo_if)
			seen_wrong(seen, patch->first,
				"its block has an IRET, before which the flag has changed: undo_if");
	}
	uint32_t to = seen->linear + patch->first + patch->length;
	if (at != patch->block_length)
		seen_wrong(seen, patch->first, "its block has %u bytes, and points for %u",
			patch->block_length, at);
	bool leaves = last->mnemonic == MNEMONIC_JMP || last->mnemonic == MNEMONIC_RET ||
		      last->mnemonic == MNEMONIC_IRETD;
	if (leaves && point->original < patch->length)
		return; /* no way back is needed */
	if (insn.mnemonic != MNEMONIC_JMP || point->original != patch->length || !point->exact ||
		insn_branch_target(&insn, patch->block + point->at) != to)
		seen_wrong(seen, patch->first,
			"its block does not end with a JMP to %08x, with an exact point for what comes there",
			to);
}

uint32_t audit_patch(struct seen *seen, uint32_t at)
{
	struct patch patch;

	patch_read(seen->m, at, &patch);
	audit_sizes(seen, &patch);
	audit_jump(seen, &patch);
	struct insn last = audit_run(seen, &patch);
	audit_block(seen, &patch, &last);
	return patch.next;
}

void audit_ways_in(const struct seen *seen, uint32_t at)
{
	struct patch patch;

	patch_read(seen->m, at, &patch);
	for (uint32_t byte = 0; byte <= patch.length; byte++) {
		int want = -1;
		for (unsigned i = patch.points; i-- > 0;)
			if (byte < patch.length && patch.point[i].original == byte)
				want = patch.point[i].at;
		int got = (int)call(seen->m, "patch_entry", (uint32_t[]){at, byte}, 2);
		if (got != want)
			seen_wrong(seen, patch.first,
				"patch_entry() says %d of byte %u of its run; it is %d", got, byte,
				want);
	}
	uint32_t byte = random_below(patch.block_length), want = 0;
	while (want + 1 < patch.points && patch.point[want + 1].at <= byte)
		want++;
	uint32_t got = (uint32_t)call(seen->m, "patch_point", (uint32_t[]){at, byte}, 2);
	if (got != at + PATCH_POINT_OFFSET + want * sizeof(struct point))
		seen_wrong(seen, patch.first,
			"patch_point() does not say point %u of byte %u of its block", want, byte);
}

/* ---- where is the processor? ---- */

#define BLOCKS 128

/* The blocks that there are, each with the linear address of its run. */
static struct blocks {
	struct patch patch[BLOCKS];
	uint32_t linear[BLOCKS];
	unsigned count;
} blocks;

unsigned blocks_read(struct machine *m)
{
	uint32_t view = memory_read_u32(m, running_vcpu(m) + VCPU_CODE_VIEW_OFFSET);
	uint32_t page = memory_read_u32(m, view + CODE_VIEW_NEWEST_OFFSET);

	blocks.count = 0;
	while (page && memory_read_u32(m, page + CODE_PAGE_ORIGINAL_OFFSET)) {
		uint32_t at = memory_read_u32(m, page + CODE_PAGE_PATCHES_OFFSET);
		uint32_t linear = memory_read_u32(m, page + CODE_PAGE_LINEAR_OFFSET);
		for (; at && blocks.count < BLOCKS; blocks.count++) {
			struct patch *patch = &blocks.patch[blocks.count];
			patch_read(m, at, patch);
			blocks.linear[blocks.count] = linear + patch->first;
			at = patch->next;
		}
		page = memory_read_u32(m, page + CODE_PAGE_OLDER_OFFSET);
	}
	return blocks.count;
}

bool block_moment(uint32_t eip, struct moment *moment)
{
	for (unsigned b = 0; b < blocks.count; b++) {
		const struct patch *patch = &blocks.patch[b];
		for (unsigned i = 0; i < patch->points; i++)
			if (eip == patch->block + patch->point[i].at) {
				moment->eip = blocks.linear[b] + patch->point[i].original;
				moment->pushed = patch->point[i].pushed;
				moment->exact = patch->point[i].exact;
				return true;
			}
	}
	return false;
}
