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

void breakpoint_set(struct vcpu *vcpu, struct code_page *page, uint32_t offset)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)page, (void)offset;
	organ_unwritten(__func__);
}

/* ---- blocks ---- */

bool block_emit(struct block *block, const struct insn *insn, const uint8_t *bytes, uint32_t eip)
{
	/* YOUR CODE HERE */
	(void)block, (void)insn, (void)bytes, (void)eip;
	organ_unwritten(__func__);
}

/* ---- runs ---- */

bool patch_make(struct vcpu *vcpu, struct code_page *page, uint32_t offset)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)page, (void)offset;
	organ_unwritten(__func__);
}

void patch_hit(struct vcpu *vcpu, struct code_page *page, uint32_t offset)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)page, (void)offset;
	organ_unwritten(__func__);
}

/* ---- where is it? ---- */

const struct block_point *patch_point(const struct patch *patch, uint32_t at)
{
	/* YOUR CODE HERE */
	(void)patch, (void)at;
	organ_unwritten(__func__);
}

int patch_entry(const struct patch *patch, uint32_t original)
{
	/* YOUR CODE HERE */
	(void)patch, (void)original;
	organ_unwritten(__func__);
}

/* ---- changes ---- */

bool code_written(const struct code_page *page, uint32_t offset, uint32_t size)
{
	/* YOUR CODE HERE */
	(void)page, (void)offset, (void)size;
	organ_unwritten(__func__);
}
