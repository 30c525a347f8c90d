/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes patch blocks: what is not particular to an instruction. patch.h says what a point is. */
#include "code.h"
#include "strings.h"

static void add_point(struct block *block)
{
	block->point[block->points++] = (struct block_point){
		.at = (uint8_t)block->length,
		.original = block->original,
		.pushed = block->pushed,
		.exact = block->exact,
		.moved = block->moved,
		.after_sti = block->after_sti,
		.undo_if = block->undo_if,
	};
}

void emit_bytes(struct block *block, const uint8_t *bytes, unsigned count)
{
	if (block->length + count > BLOCK_SIZE || block->points == BLOCK_POINTS)
		block->overflow = true;
	if (block->overflow)
		return;
	add_point(block);
	memcpy(block->code + block->length, bytes, count);
	block->length = (uint16_t)(block->length + count);
}

void emit_pushed(struct block *block, unsigned bytes)
{
	block->exact = false;
	block->pushed = (uint8_t)bytes;
}

void emit_shared_begin(struct block *block, unsigned on_stack)
{
	emit(block, 0x1e); /* push ds */
	emit_pushed(block, on_stack + 4);
	emit(block, 0x68, IMMEDIATE(MONITOR_SHARED)); /* push MONITOR_SHARED */
	emit_pushed(block, on_stack + 8);
	emit(block, 0x1f); /* pop ds */
	emit_pushed(block, on_stack + 4);
}

void emit_shared_end(struct block *block, unsigned on_stack)
{
	emit(block, 0x1f); /* pop ds */
	emit_pushed(block, on_stack);
}

/* ---- transfers: a displacement counts from behind itself ---- */

#define JCC_SIZE 6 /* of Jcc rel32 */

void emit_jump(struct block *block, uint32_t eip)
{
	emit(block, 0xe9, IMMEDIATE(eip - (block->eip + block->length + JUMP_SIZE)));
}

static void emit_jcc(struct block *block, unsigned condition, uint32_t eip)
{
	emit(block, 0x0f, (uint8_t)(0x80 | condition),
		IMMEDIATE(eip - (block->eip + block->length + JCC_SIZE)));
}

static bool is_jcc(const struct insn *insn)
{
	return (insn->map == MAP_ONE_BYTE && (insn->opcode & 0xf0) == 0x70) ||
	       (insn->map == MAP_0F && (insn->opcode & 0xf0) == 0x80);
}

static bool is_x87(const struct insn *insn)
{
	return insn->map == MAP_ONE_BYTE && (insn->opcode & 0xf8) == 0xd8;
}

bool emit_guests_own(
	struct block *block, const struct insn *insn, const uint8_t *bytes, uint32_t eip)
{
	struct insn_operand operand[INSN_OPERANDS_MAX];

	if (insn->mnemonic == MNEMONIC_CALL || is_x87(insn))
		return false;
	insn_operands(insn, operand);
	if (operand[0].kind != OPERAND_RELATIVE)
		emit_bytes(block, bytes, insn->length);
	else if (insn->operand_size != 4)
		return false;
	else if (insn->mnemonic == MNEMONIC_JMP)
		emit_jump(block, insn_branch_target(insn, eip));
	else if (is_jcc(insn))
		emit_jcc(block, insn->opcode & 15, insn_branch_target(insn, eip));
	else
		return false;
	return true;
}
