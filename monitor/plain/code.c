/* SPDX-License-Identifier: BSD-2-Clause */
/* Before lab 4 no one looks at the guest's code before it runs: there is no code view, and nothing
 * of it is ever called. */
#include "code.h"

bool code_create(struct vcpu *vcpu)
{
	(void)vcpu;
	return true;
}

void code_destroy(struct vcpu *vcpu)
{
	(void)vcpu;
}

enum code_kind scan_classify(const struct insn *insn)
{
	(void)insn;
	return CODE_COPIED;
}

void scan(struct vcpu *vcpu, struct code_page *page, uint32_t offset)
{
	(void)vcpu, (void)page, (void)offset;
}

void patch_hit(struct vcpu *vcpu, struct code_page *page, uint32_t offset)
{
	(void)vcpu, (void)page, (void)offset;
}

void patch_undo(struct vcpu *vcpu, struct patch *patch)
{
	(void)vcpu, (void)patch;
}

const struct block_point *patch_point(const struct patch *patch, uint32_t at)
{
	(void)at;
	return patch->point;
}

int patch_entry(const struct patch *patch, uint32_t original)
{
	(void)patch, (void)original;
	return -1;
}

void code_written(struct vcpu *vcpu, struct code_page *page, uint32_t offset, uint32_t size)
{
	(void)vcpu, (void)page, (void)offset, (void)size;
}
