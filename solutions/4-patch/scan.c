/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 4, scan.c: finds the instructions of the guest's kernel before they run.
 *
 * Where instructions begin cannot be seen in the bytes: x86 has them from 1 to 15 bytes long, data
 * lie between them, and the same byte may belong to two. Only control flow says it. So a scan
 * starts where control has come, and goes the ways that control can go from there.
 *
 * What a scan has not reached is a breakpoint in the copy. So a scan may stop anywhere: it is never
 * wrong, only short.
 *
 * patch.h is the contract. Intel SDM volume 2, chapter 2 and appendix A (encodings).
 */
#include "code.h"

/* BEGIN SOLUTION
 */
/* Does a segment register that this instruction moves from or to hold the guest's own selector, and
 * its descriptor what the guest's has? All but CS and SS do. */
static bool names_data_segment(const struct insn *insn)
{
	struct insn_operand operand[INSN_OPERANDS_MAX];
	unsigned count = insn_operands(insn, operand);

	for (unsigned i = 0; i < count; i++)
		if (operand[i].kind == OPERAND_SEGMENT)
			return operand[i].reg != SEGMENT_CS && operand[i].reg != SEGMENT_SS;
	return false;
}

/* END SOLUTION */

enum code_kind scan_classify(const struct insn *insn)
{
	/* BEGIN SOLUTION
	(void)insn;
	organ_unwritten(__func__);
	*/
	if (insn->class != INSN_SENSITIVE)
		return CODE_COPIED;
	switch (insn->mnemonic) {
	case MNEMONIC_LDS:
	case MNEMONIC_LES:
	case MNEMONIC_LFS:
	case MNEMONIC_LGS:
		return CODE_COPIED;
	case MNEMONIC_MOV:
	case MNEMONIC_PUSH:
	case MNEMONIC_POP:
		return names_data_segment(insn) ? CODE_COPIED : CODE_REPLACED;
	default:
		return CODE_REPLACED;
	}
	/* END SOLUTION */
}

/* BEGIN SOLUTION
 */
/* Does an instruction that has a breakpoint begin inside this one? */
static bool hides_breakpoint(const struct code_page *page, uint32_t offset, uint32_t length)
{
	for (uint32_t i = offset; i < offset + length; i++)
		if (page->kind[i] == CODE_REPLACED || page->kind[i] == CODE_STEPPED ||
			code_patch_at(page, i))
			return true;
	return false;
}

/* Could someone who jumps into the middle of this instruction go wrong? There may be a sensitive
 * one, or one that goes on where the copy is not the original. */
static bool hides_another(
	const struct code_page *page, uint32_t offset, uint32_t length, unsigned strict)
{
	uint8_t bytes[INSN_MAX_LENGTH];
	struct insn insn;

	for (uint32_t i = offset + 1; strict && i < offset + length; i++) {
		bool decodes = code_decode(page, i, &insn, bytes) == DECODE_OK;
		if (decodes && scan_classify(&insn) == CODE_REPLACED)
			return true;
		if (strict > 1 && (!decodes || i + insn.length > offset + length))
			return true;
	}
	return false;
}

static void set_kind(struct vcpu *vcpu, struct code_page *page, uint32_t offset,
	enum code_kind kind, uint32_t length)
{
	page->kind[offset] = (uint8_t)kind;
	for (uint32_t i = offset + 1; i < offset + length && i < PAGE_SIZE; i++)
		if (page->kind[i] == CODE_UNKNOWN)
			page->kind[i] = CODE_INSIDE;
	if (kind == CODE_COPIED)
		code_reveal(page, offset, length);
	else
		breakpoint_set(vcpu, page, offset);
}

/* Finds the instruction at `offset`. Returns its length; 0: it does not decode. */
static uint32_t find(struct vcpu *vcpu, struct code_page *page, uint32_t offset, struct insn *insn)
{
	uint8_t bytes[INSN_MAX_LENGTH];

	if (code_decode(page, offset, insn, bytes) != DECODE_OK) {
		set_kind(vcpu, page, offset, CODE_STEPPED, 1);
		return 0;
	}
	enum code_kind kind = scan_classify(insn);
	uint32_t length = insn->length;
	if (kind == CODE_COPIED &&
		(offset + length > PAGE_SIZE || hides_breakpoint(page, offset, length) ||
			hides_another(page, offset, length, vcpu->code_view->strict)))
		kind = CODE_STEPPED;
	set_kind(vcpu, page, offset, kind, length);
	return length;
}

/* Is it certain that control can come to the byte behind it? CALL and INT n need not come back. */
static bool goes_on(const struct insn *insn)
{
	switch (insn->mnemonic) {
	case MNEMONIC_CALL:
	case MNEMONIC_CALL_FAR:
	case MNEMONIC_JMP:
	case MNEMONIC_JMP_FAR:
	case MNEMONIC_RET:
	case MNEMONIC_RET_FAR:
	case MNEMONIC_IRET:
	case MNEMONIC_IRETD:
	case MNEMONIC_INT:
	case MNEMONIC_INT1:
	case MNEMONIC_INT3:
	case MNEMONIC_UD2:
		return false;
	default:
		return true;
	}
}

/* A jump whose run a branch lands in would be in its way. */
static void mark_target(struct vcpu *vcpu, struct code_page *page, uint32_t offset)
{
	struct patch *patch = code_patch_at(page, offset);

	page->target[offset] = true;
	if (patch && patch->offset != offset)
		code_undo_patch(vcpu, patch);
}

/* END SOLUTION */

#define WAYS 64 /* that wait to be gone */

void scan(struct vcpu *vcpu, struct code_page *page, uint32_t offset)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)page, (void)offset;
	organ_unwritten(__func__);
	*/
	uint16_t way[WAYS] = {(uint16_t)offset};
	unsigned ways = 1;
	struct insn insn;

	while (ways) {
		for (offset = way[--ways]; offset < PAGE_SIZE && !code_is_known(page, offset);) {
			uint32_t length = find(vcpu, page, offset, &insn);
			if (!length)
				break;
			uint32_t target = code_branch_target(page, offset, &insn);
			if (target < PAGE_SIZE) {
				mark_target(vcpu, page, target);
				if (ways < WAYS) /* else: found when control comes there */
					way[ways++] = (uint16_t)target;
			}
			if (!goes_on(&insn))
				break;
			offset += length;
		}
	}
	/* END SOLUTION */
}
