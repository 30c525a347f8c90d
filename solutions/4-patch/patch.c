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
static bool is_known(const struct code_page *page, uint32_t offset)
{
	return page->kind[offset] != CODE_UNKNOWN && page->kind[offset] != CODE_INSIDE;
}

/* How long the known instruction at `offset` is; 1 for what does not decode. */
static uint32_t length_at(const struct code_page *page, uint32_t offset)
{
	uint8_t bytes[INSN_MAX_LENGTH];
	struct insn insn;

	return code_decode(page, offset, &insn, bytes) == DECODE_OK ? insn.length : 1;
}

/* Does the byte belong to an instruction that runs as it is? */
static bool is_in_copied(const struct code_page *page, uint32_t offset)
{
	uint32_t first = offset < INSN_MAX_LENGTH ? 0 : offset - INSN_MAX_LENGTH + 1;

	for (uint32_t i = first; i <= offset; i++)
		if (page->kind[i] == CODE_COPIED && i + length_at(page, i) > offset)
			return true;
	return false;
}

/* An instruction that was copied is not any more: nothing of it stays, but what others need. */
static void conceal(struct code_page *page, uint32_t offset)
{
	uint32_t end = offset + length_at(page, offset);

	page->kind[offset] = CODE_STEPPED;
	for (uint32_t i = offset; i < end; i++)
		if (i == offset || !is_in_copied(page, i))
			page->copy[i] = BREAKPOINT;
}

/* END SOLUTION */

void breakpoint_set(struct vcpu *vcpu, struct code_page *page, uint32_t offset)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)page, (void)offset;
	organ_unwritten(__func__);
	*/
	struct patch *patch = code_patch_at(page, offset);
	uint32_t lowest = offset;

	if (patch)
		patch_undo(vcpu, patch);
	page->copy[offset] = BREAKPOINT;
	/* downwards: whoever has a breakpoint inside becomes one, and so on */
	for (uint32_t i = offset; i-- > 0 && i + INSN_MAX_LENGTH > lowest;) {
		if (page->kind[i] != CODE_COPIED || i + length_at(page, i) <= lowest)
			continue;
		patch = code_patch_at(page, i);
		if (patch)
			patch_undo(vcpu, patch);
		conceal(page, i);
		lowest = i;
	}
	/* END SOLUTION */
}

/* ---- blocks ---- */

/* BEGIN SOLUTION
 */
#define IMMEDIATE(value)                                                                           \
	(uint8_t)(value), (uint8_t)((value) >> 8), (uint8_t)((value) >> 16),                       \
		(uint8_t)((value) >> 24)

#define DELTA  (uint32_t) offsetof(struct shared_flags, delta)
#define BEFORE (uint32_t) offsetof(struct shared_flags, before)

/* What POPF and IRET leave to the monitor, when they would set it. */
#define FLAGS_REFUSED (EFLAGS_TF | EFLAGS_IOPL | EFLAGS_NT | EFLAGS_VM)

/* From here on the state is the block's own business, with so much on the stack. */
static void pushed(struct block *block, unsigned bytes)
{
	block->exact = false;
	block->pushed = (uint8_t)bytes;
}

/* DS becomes the shared segment, and the guest's own lies on the stack. */
static void emit_shared_begin(struct block *block, unsigned on_stack)
{
	emit(block, 0x1e); /* push ds */
	pushed(block, on_stack + 4);
	emit(block, 0x68, IMMEDIATE(MONITOR_SHARED)); /* push MONITOR_SHARED */
	pushed(block, on_stack + 8);
	emit(block, 0x1f); /* pop ds */
	pushed(block, on_stack + 4);
}

static void emit_shared_end(struct block *block, unsigned on_stack)
{
	emit(block, 0x1f); /* pop ds */
	pushed(block, on_stack);
}

static void emit_set_delta(struct block *block, uint32_t delta)
{
	emit(block, 0xc7, 0x05, IMMEDIATE(DELTA), IMMEDIATE(delta)); /* mov dword [DELTA], delta */
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
	pushed(block, 4);
	emit(block, 0x9c); /* pushfd */
	pushed(block, 8);
	emit_shared_begin(block, 8);
	emit(block, 0x50); /* push eax */
	pushed(block, 16);
	emit(block, 0xa1, IMMEDIATE(DELTA)); /* mov eax, [DELTA] */
	emit(block, 0x01, 0x44, 0x24, 12);   /* add [esp + 12], eax */
	emit(block, 0x58);                   /* pop eax */
	pushed(block, 12);
	emit_shared_end(block, 8);
	emit(block, 0x9d); /* popfd */
}

/* The flags are free: POPF overwrites them. */
static void emit_popf(struct block *block)
{
	emit(block, 0xf7, 0x04, 0x24, IMMEDIATE(FLAGS_REFUSED)); /* test dword [esp], ... */
	pushed(block, 0);
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

/* To ring 3 with IF set the processor's own IRET does it all, but for the virtual flag. */
static void emit_iret(struct block *block)
{
	emit(block, 0x50); /* push eax */
	pushed(block, 4);
	emit(block, 0x8b, 0x44, 0x24, 8); /* mov eax, [esp + 8], CS */
	emit(block, 0xf7, 0xd0);          /* not eax */
	emit(block, 0xa8, SELECTOR_RPL);  /* test al, 3 */
	emit(block, 0x58);                /* pop eax */
	pushed(block, 0);
	emit(block, 0x74, 1); /* jz over */
	emit(block, BREAKPOINT);
	emit(block, 0xf7, 0x44, 0x24, 8, IMMEDIATE(FLAGS_REFUSED)); /* test dword [esp + 8], ... */
	emit(block, 0x74, 1);                                       /* jz over */
	emit(block, BREAKPOINT);
	emit(block, 0xf6, 0x44, 0x24, 9, EFLAGS_IF >> 8); /* test byte [esp + 9], IF */
	emit(block, 0x75, 1);                             /* jnz over */
	emit(block, BREAKPOINT);
	emit_shared_begin(block, 0);
	emit(block, 0xff, 0x35, IMMEDIATE(DELTA)); /* push dword [DELTA] */
	pushed(block, 8);
	emit(block, 0x8f, 0x05, IMMEDIATE(BEFORE)); /* pop dword [BEFORE] */
	pushed(block, 4);
	emit_set_delta(block, 0);
	emit_shared_end(block, 0);
	block->exact = block->moved = block->undo_if = true;
	emit(block, 0xcf); /* iret */
}

/* In ring 1 the RPL of CS and SS is 1, and the guest's kernel believes in 0. LEA changes no flag.
 */
static bool emit_mov_from_segment(
	struct block *block, const struct insn *insn, const uint8_t *bytes)
{
	unsigned to = modrm_rm(insn->modrm);

	if (modrm_mod(insn->modrm) != MODRM_MOD_REGISTER || to == 4)
		return false;
	emit_bytes(block, bytes, insn->length);
	pushed(block, 0);
	emit(block, 0x8d, (uint8_t)(0x40 | to << 3 | to), 0xff); /* lea r, [r - 1] */
	return true;
}

static void emit_push_segment(struct block *block, unsigned segment)
{
	emit(block, 0x50); /* push eax */
	pushed(block, 4);
	emit(block, 0x8c, (uint8_t)(0xc0 | segment << 3)); /* mov eax, cs */
	emit(block, 0x8d, 0x40, 0xff);                     /* lea eax, [eax - 1] */
	emit(block, 0x87, 0x04, 0x24);                     /* xchg [esp], eax */
}

/* A transfer to `target`: its displacement counts from behind itself. */
static void emit_jump(struct block *block, uint32_t target)
{
	uint32_t behind = block->eip + block->length + JUMP_SIZE;

	emit(block, 0xe9, IMMEDIATE(target - behind));
}

static void emit_jcc(struct block *block, unsigned condition, uint32_t target)
{
	uint32_t behind = block->eip + block->length + 6;

	emit(block, 0x0f, (uint8_t)(0x80 | condition), IMMEDIATE(target - behind));
}

/* A near transfer. CALL would push the wrong address, and LOOP reaches 127 bytes. */
static bool emit_transfer(
	struct block *block, const struct insn *insn, const uint8_t *bytes, uint32_t eip)
{
	struct insn_operand operand[INSN_OPERANDS_MAX];

	insn_operands(insn, operand);
	if (operand[0].kind != OPERAND_RELATIVE) {
		if (insn->mnemonic == MNEMONIC_CALL)
			return false;
		emit_bytes(block, bytes, insn->length); /* RET, JMP through a register or memory */
		return true;
	}
	if (insn->operand_size != 4)
		return false;
	uint32_t target = insn_branch_target(insn, eip);
	if (insn->mnemonic == MNEMONIC_JMP)
		emit_jump(block, target);
	else if ((insn->map == MAP_ONE_BYTE && (insn->opcode & 0xf0) == 0x70) ||
		 insn->map == MAP_0F)
		emit_jcc(block, insn->opcode & 15, target);
	else
		return false;
	return true;
}

static bool emit_sensitive(struct block *block, const struct insn *insn, const uint8_t *bytes)
{
	if (insn->mnemonic == MNEMONIC_MOV)
		return emit_mov_from_segment(block, insn, bytes);
	if (insn->operand_size != 4)
		return false;
	switch (insn->mnemonic) {
	case MNEMONIC_PUSHF:
	case MNEMONIC_PUSHFD:
		emit_pushf(block);
		return true;
	case MNEMONIC_POPF:
	case MNEMONIC_POPFD:
		emit_popf(block);
		return true;
	case MNEMONIC_IRET:
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
		if (insn->class == INSN_CONTROL_FLOW)
			done = emit_transfer(block, insn, bytes, eip);
		else
			emit_bytes(block, bytes, insn->length);
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

/* Can the known instruction at `offset` be moved? Returns its length, or 0. */
static uint32_t movable(const struct code_page *page, uint32_t offset, struct insn *insn)
{
	uint8_t bytes[INSN_MAX_LENGTH];
	struct block scratch = {.eip = CODE_MAX};

	if (!is_known(page, offset) || code_decode(page, offset, insn, bytes) != DECODE_OK)
		return 0;
	return block_emit(&scratch, insn, bytes, page->linear.raw + offset) ? insn->length : 0;
}

/* Does control end there, so that a run may not go on? */
static bool ends_run(const struct insn *insn)
{
	return insn->class == INSN_CONTROL_FLOW || insn->mnemonic == MNEMONIC_IRET ||
	       insn->mnemonic == MNEMONIC_IRETD;
}

/* From run->first on, as far as it must go. False: it would end behind STI, or has nothing in it.
 */
static bool run_forward(const struct code_page *page, struct run *run)
{
	struct insn insn = {0};
	uint32_t length = 0;

	for (run->end = run->first; run->end < PAGE_SIZE; run->end += length) {
		bool enough = run->end - run->first >= JUMP_SIZE && insn.mnemonic != MNEMONIC_STI;
		if (enough || run->end - run->first > RUN_SIZE - INSN_MAX_LENGTH || ends_run(&insn))
			break;
		if (run->end != run->first && page->target[run->end])
			break;
		struct insn next;
		length = code_patch_at(page, run->end) ? 0 : movable(page, run->end, &next);
		if (!length)
			break;
		insn = next;
	}
	return run->end > run->first && insn.mnemonic != MNEMONIC_STI;
}

/* The instruction in front of the run joins it. False: none can. */
static bool run_backward(const struct code_page *page, struct run *run)
{
	uint32_t first = run->first < INSN_MAX_LENGTH ? 0 : run->first - INSN_MAX_LENGTH;
	struct insn insn;

	if (page->target[run->first])
		return false;
	for (uint32_t i = run->first; i-- > first;) {
		if (!is_known(page, i) || i + length_at(page, i) != run->first)
			continue;
		if (code_patch_at(page, i) || !movable(page, i, &insn) || ends_run(&insn) ||
			run->end - i > RUN_SIZE)
			return false;
		run->first = i;
		return true;
	}
	return false;
}

/* The jump's fifth byte is not a breakpoint: no instruction may begin there. */
static bool jump_fits(const struct code_page *page, const struct run *run)
{
	return run->end - run->first >= JUMP_SIZE && run->first + JUMP_SIZE <= PAGE_SIZE &&
	       !is_known(page, run->first + JUMP_SIZE - 1);
}

static bool run_find(const struct code_page *page, uint32_t offset, struct run *run)
{
	run->first = offset;
	if (!run_forward(page, run))
		return false;
	while (!jump_fits(page, run))
		if (!run_backward(page, run))
			return false;
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
		if (!code_commit_block(vcpu, page, run.first, run.end - run.first, &block))
			continue;
		uint32_t distance = block.entry - (page->linear.raw + run.first + JUMP_SIZE);
		for (uint32_t i = run.first; i < run.end && i < PAGE_SIZE; i++)
			page->copy[i] = BREAKPOINT;
		page->copy[run.first] = 0xe9; /* jmp rel32 */
		memcpy(&page->copy[run.first + 1], &distance, sizeof(distance));
		return true;
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

void patch_undo(struct vcpu *vcpu, struct patch *patch)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)patch;
	organ_unwritten(__func__);
	*/
	struct code_page *page = patch->page;
	uint32_t first = patch->offset, end = first + patch->length;

	code_free_patch(vcpu, patch);
	if (end > PAGE_SIZE)
		end = PAGE_SIZE;
	for (uint32_t i = first; i < end; i++)
		page->copy[i] = BREAKPOINT;
	for (uint32_t i = first; i < end; i++) {
		page->hits[i] = 0;
		if (page->kind[i] == CODE_COPIED)
			code_reveal(page, i, length_at(page, i));
	}
	for (uint32_t i = first; i < end + INSN_MAX_LENGTH && i < PAGE_SIZE; i++)
		if (page->kind[i] == CODE_REPLACED || page->kind[i] == CODE_STEPPED)
			page->copy[i] = BREAKPOINT;
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
