/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 4, patch.c: replaces what the scanner has found.
 *
 * A breakpoint always does: it takes one byte, and the monitor performs the instruction. It costs
 * an exit. So where an instruction is hit again and again, a run of instructions around it moves
 * into a patch block, and a jump takes its place. In the block the instruction is done by others,
 * in ring 1, on the flag that the monitor shares.
 *
 * Whoever looks at the guest must not see the block: each of its instructions has a point that says
 * which instruction of the guest's it belongs to, and whether the state there is one that the guest
 * could be in.
 *
 * patch.h is the contract. Intel SDM volume 2: CLI, STI, PUSHF, POPF, IRET, MOV, PUSH.
 */
#include "code.h"
#include "strings.h"

/* ---- breakpoints ---- */

/* BEGIN SOLUTION
 */
/* Whoever has this byte inside and runs as it is would not be what it was: it is stepped. Then so
 * is whoever has that one's first byte inside. */
static void step_around(struct code_page *page, uint32_t offset)
{
	for (uint32_t i = offset; i-- > 0 && i + INSN_MAX_LENGTH > offset;) {
		if (page->kind[i] != CODE_COPIED || i + code_length(page, i) <= offset)
			continue;
		page->kind[i] = CODE_STEPPED;
		code_restore(page, i, i + code_length(page, i));
		offset = i;
	}
}

/* END SOLUTION */

void breakpoint_set(struct vcpu *vcpu, struct code_page *page, uint32_t offset)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)page, (void)offset;
	organ_unwritten(__func__);
	*/
	struct patch *patch = code_patch_at(page, offset);

	if (patch)
		code_undo_patch(vcpu, patch);
	page->copy[offset] = BREAKPOINT;
	step_around(page, offset);
	/* END SOLUTION */
}

/* ---- blocks ---- */

/* BEGIN SOLUTION
 */
/* What POPF and IRET leave to the monitor, when they would set it. */
#define FLAGS_REFUSED (EFLAGS_TF | EFLAGS_IOPL | EFLAGS_NT | EFLAGS_VM)

static void emit_set_delta(struct block *block, uint32_t delta)
{
	emit(block, 0xc7, 0x05, IMMEDIATE(SHARED_DELTA),
		IMMEDIATE(delta)); /* mov dword [DELTA], delta */
}

static void emit_interrupt_flag(struct block *block, bool set)
{
	emit_shared_begin(block, 0);
	emit_set_delta(block, set ? 0 : SHARED_IF_CLEAR);
	emit_shared_end(block, 0);
}

/* The real flags, and then what the guest's differ by is added. ADD changes the flags themselves,
 * so they are pushed twice. */
static void emit_pushf(struct block *block)
{
	emit(block, 0x9c); /* pushfd */
	emit_pushed(block, 4);
	emit(block, 0x9c); /* pushfd */
	emit_pushed(block, 8);
	emit_shared_begin(block, 8);
	emit(block, 0x50); /* push eax */
	emit_pushed(block, 16);
	emit(block, 0xa1, IMMEDIATE(SHARED_DELTA)); /* mov eax, [DELTA] */
	emit(block, 0x01, 0x44, 0x24, 12);          /* add [esp + 12], eax */
	emit(block, 0x58);                          /* pop eax */
	emit_pushed(block, 12);
	emit_shared_end(block, 8);
	emit(block, 0x9d); /* popfd */
}

/* The flags are free: POPF overwrites them. */
static void emit_popf(struct block *block)
{
	emit(block, 0xf7, 0x04, 0x24, IMMEDIATE(FLAGS_REFUSED)); /* test dword [esp], ... */
	emit_pushed(block, 0);
	emit(block, 0x74, 1);    /* jz over */
	emit(block, BREAKPOINT); /* the monitor does it */
	emit_shared_begin(block, 0);
	emit(block, 0xf6, 0x44, 0x24, 5, EFLAGS_IF >> 8); /* test byte [esp + 5], IF */
	emit_set_delta(block, 0);
	emit(block, 0x75, 10); /* jnz over */
	emit_set_delta(block, SHARED_IF_CLEAR);
	emit_shared_end(block, 0);
	emit(block, 0x9d); /* popfd */
}

/* To ring 3 with IF set the processor's own IRET does it all, but for the virtual flag. Where it
 * faults, the guest's flags are those from before it. So the first that is read is what lies
 * furthest up the stack: the only one whose page may be missing. */
static void emit_iret(struct block *block)
{
	emit(block, 0x9c); /* pushfd */
	emit_pushed(block, 4);
	emit(block, 0xf7, 0x44, 0x24, 12, IMMEDIATE(FLAGS_REFUSED)); /* test dword [esp + 12] */
	emit(block, 0x75, 21);                                       /* jnz refuse */
	emit(block, 0xf6, 0x44, 0x24, 13, EFLAGS_IF >> 8);           /* test byte [esp + 13], IF */
	emit(block, 0x74, 14);                                       /* jz refuse */
	emit(block, 0xf6, 0x44, 0x24, 8, 1);                         /* test byte [esp + 8] */
	emit(block, 0x74, 7);                                        /* jz refuse */
	emit(block, 0xf6, 0x44, 0x24, 8, 2);                         /* test byte [esp + 8] */
	emit(block, 0x75, 2);                                        /* jnz over */
	emit(block, 0x9d);                                           /* refuse: popfd */
	emit_pushed(block, 0);
	emit(block, BREAKPOINT);
	emit_pushed(block, 4);
	emit_shared_begin(block, 4);                      /* over: */
	emit(block, 0xff, 0x35, IMMEDIATE(SHARED_DELTA)); /* push dword [DELTA] */
	emit_pushed(block, 12);
	emit(block, 0x8f, 0x05, IMMEDIATE(SHARED_BEFORE)); /* pop dword [BEFORE] */
	emit_pushed(block, 8);
	emit_set_delta(block, 0);
	emit_shared_end(block, 4);
	emit(block, 0x9d); /* popfd */
	block->pushed = 0;
	block->exact = block->moved = block->undo_if = true;
	emit(block, 0xcf); /* iret */
}

/* In ring 1 the RPL of CS and SS is 1, and the guest's kernel believes in 0. LEA changes no flag.
 */
static bool emit_mov_from_segment(
	struct block *block, const struct insn *insn, const uint8_t *bytes)
{
	unsigned to = modrm_rm(insn->modrm);

	if (insn->opcode != 0x8c || modrm_mod(insn->modrm) != MODRM_MOD_REGISTER || to == 4)
		return false;
	emit_bytes(block, bytes, insn->length);
	emit_pushed(block, 0);
	emit(block, 0x8d, (uint8_t)(0x40 | to << 3 | to), 0xff); /* lea r, [r - 1] */
	return true;
}

static void emit_push_segment(struct block *block, unsigned segment)
{
	emit(block, 0x50); /* push eax */
	emit_pushed(block, 4);
	emit(block, 0x8c, (uint8_t)(0xc0 | segment << 3)); /* mov eax, cs */
	emit(block, 0x8d, 0x40, 0xff);                     /* lea eax, [eax - 1] */
	emit(block, 0x87, 0x04, 0x24);                     /* xchg [esp], eax */
}

static bool emit_sensitive(struct block *block, const struct insn *insn, const uint8_t *bytes)
{
	if (insn->mnemonic == MNEMONIC_MOV)
		return emit_mov_from_segment(block, insn, bytes);
	if (insn->operand_size != 4)
		return false;
	switch (insn->mnemonic) {
	case MNEMONIC_PUSHFD:
		emit_pushf(block);
		return true;
	case MNEMONIC_POPFD:
		emit_popf(block);
		return true;
	case MNEMONIC_IRETD:
		emit_iret(block);
		return true;
	case MNEMONIC_PUSH:
		emit_push_segment(block, insn->opcode == 0x0e ? SEGMENT_CS : SEGMENT_SS);
		return true;
	default:
		return false;
	}
}

/* END SOLUTION */

bool block_emit(struct block *block, const struct insn *insn, const uint8_t *bytes, uint32_t eip)
{
	/* BEGIN SOLUTION
	(void)block, (void)insn, (void)bytes, (void)eip;
	organ_unwritten(__func__);
	*/
	bool done = true;

	block->exact = true;
	block->moved = false;
	block->undo_if = false;
	block->pushed = 0;
	if (insn->mnemonic == MNEMONIC_CLI || insn->mnemonic == MNEMONIC_STI) {
		emit_interrupt_flag(block, insn->mnemonic == MNEMONIC_STI);
	} else if (scan_classify(insn) == CODE_REPLACED) {
		done = emit_sensitive(block, insn, bytes);
	} else {
		block->moved = true;
		done = emit_guests_own(block, insn, bytes, eip);
	}
	block->after_sti = insn->mnemonic == MNEMONIC_STI;
	return done;
	/* END SOLUTION */
}

/* ---- runs ---- */

/* BEGIN SOLUTION
 */
/* Instructions one behind the other: from offset `first` to before `end`. */
struct run {
	uint32_t first, end;
};

/* Can the instruction at `offset` be moved? Returns its length, or 0. Nothing may be known of its
 * further bytes that a jump would be in the way of. */
static uint32_t movable(const struct code_page *page, uint32_t offset, struct insn *insn)
{
	uint8_t bytes[INSN_MAX_LENGTH];
	struct block scratch = {.eip = CODE_MAX};

	if (!code_is_known(page, offset) || code_patch_at(page, offset) ||
		code_decode(page, offset, insn, bytes) != DECODE_OK)
		return 0;
	for (uint32_t i = offset + 1; i < offset + insn->length && i < PAGE_SIZE; i++)
		if (page->target[i] || code_patch_at(page, i))
			return 0;
	return block_emit(&scratch, insn, bytes, page->linear.raw + offset) ? insn->length : 0;
}

/* Does control end there, so that a run may not go on? */
static bool ends_run(const struct insn *insn)
{
	return insn->class == INSN_CONTROL_FLOW || insn->mnemonic == MNEMONIC_IRETD;
}

/* From the instruction at `first` on, until there is room for the jump, and STI is not the last. */
static struct run run_from(const struct code_page *page, uint32_t first)
{
	struct run run = {first, first};
	struct insn insn = {0}, next;

	while (run.end < first + JUMP_SIZE || insn.mnemonic == MNEMONIC_STI) {
		if (run.end >= PAGE_SIZE || ends_run(&insn) ||
			(run.end != first && page->target[run.end]))
			break;
		uint32_t length = movable(page, run.end, &next);
		if (!length || run.end + length > first + RUN_SIZE)
			break;
		run.end += length;
		insn = next;
	}
	if (insn.mnemonic == MNEMONIC_STI)
		run.end = first;
	return run;
}

/* The jump's fifth byte is not a breakpoint: no instruction may begin there. */
static bool jump_fits(const struct code_page *page, const struct run *run)
{
	return run->end - run->first >= JUMP_SIZE && run->first + JUMP_SIZE <= PAGE_SIZE &&
	       !code_is_known(page, run->first + JUMP_SIZE - 1);
}

/* From the instruction at `offset` on, or from one before it. */
static bool run_find(const struct code_page *page, uint32_t offset, struct run *run)
{
	struct insn insn;

	*run = run_from(page, offset);
	if (run->end == offset)
		return false;
	while (!jump_fits(page, run)) {
		uint32_t first = code_before(page, run->first);
		if (first == run->first || page->target[run->first] ||
			run->end > first + RUN_SIZE || !movable(page, first, &insn) ||
			ends_run(&insn))
			return false;
		run->first = first;
	}
	return true;
}

/* The whole run, and the way back. */
static void block_write(const struct code_page *page, const struct run *run, struct block *block)
{
	uint8_t bytes[INSN_MAX_LENGTH];
	struct insn insn = {0};

	block->length = block->points = 0;
	block->overflow = block->after_sti = false;
	for (uint32_t at = run->first; at < run->end; at += insn.length) {
		block->original = (uint8_t)(at - run->first);
		code_decode(page, at, &insn, bytes);
		block_emit(block, &insn, bytes, page->linear.raw + at);
	}
	block->original = (uint8_t)(run->end - run->first);
	block->exact = block->moved = true;
	block->undo_if = false;
	block->pushed = 0;
	emit_jump(block, page->linear.raw + run->end);
}

/* END SOLUTION */

bool patch_make(struct vcpu *vcpu, struct code_page *page, uint32_t offset)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)page, (void)offset;
	organ_unwritten(__func__);
	*/
	struct block block = {.eip = 0};
	struct run run;

	if (page->code_size != 32 || !run_find(page, offset, &run))
		return false;
	while (code_place_block(vcpu, page, run.first, &block)) {
		block_write(page, &run, &block);
		if (code_commit_block(vcpu, page, run.first, run.end - run.first, &block)) {
			step_around(page, run.first);
			return true;
		}
	}
	return false;
	/* END SOLUTION */
}

void patch_hit(struct vcpu *vcpu, struct code_page *page, uint32_t offset)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)page, (void)offset;
	organ_unwritten(__func__);
	*/
	uint8_t *hits = &page->hits[offset];

	if (*hits == PATCH_NEVER || ++*hits < PATCH_HOT)
		return;
	if (!patch_make(vcpu, page, offset))
		*hits = PATCH_NEVER;
	/* END SOLUTION */
}

/* ---- where is it? ---- */

const struct block_point *patch_point(const struct patch *patch, uint32_t at)
{
	/* BEGIN SOLUTION
	(void)patch, (void)at;
	organ_unwritten(__func__);
	*/
	const struct block_point *point = &patch->point[patch->points - 1];

	while (point > patch->point && point->at > at)
		point--;
	return point;
	/* END SOLUTION */
}

int patch_entry(const struct patch *patch, uint32_t original)
{
	/* BEGIN SOLUTION
	(void)patch, (void)original;
	organ_unwritten(__func__);
	*/
	for (unsigned i = 0; i < patch->points; i++)
		if (patch->point[i].original == original)
			return original < patch->length ? patch->point[i].at : -1;
	return -1;
	/* END SOLUTION */
}

/* ---- changes ---- */

bool code_written(const struct code_page *page, uint32_t offset, uint32_t size)
{
	/* BEGIN SOLUTION
	(void)page, (void)offset, (void)size;
	organ_unwritten(__func__);
	*/
	/* in the page behind: as far as an instruction can reach into it */
	uint32_t first = offset < PAGE_SIZE ? offset : PAGE_SIZE - INSN_MAX_LENGTH + 1;

	if (offset >= PAGE_SIZE + INSN_MAX_LENGTH - 1)
		return false;
	for (uint32_t i = first; i < offset + size && i < PAGE_SIZE; i++)
		if (page->kind[i] != CODE_UNKNOWN)
			return true;
	return false;
	/* END SOLUTION */
}
