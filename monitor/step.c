/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single steps of the monitor's own: step.h has the idea.
 *
 * TF is in the flags that the guest runs with, so the guest must not see it: PUSHF is mended after
 * its step, and INT n, which would push it, cannot pass a gate during a step (views.c).
 */
#include "step.h"
#include "cpu.h"
#include "machine.h"
#include "views.h"
#include "vm.h"

#define IMPLICIT_WRITE 32u /* PUSHA writes eight doublewords, downwards */

/* The bytes that an instruction writes at most to its memory operands. */
static uint32_t write_size(const struct insn *insn)
{
	struct insn_operand operand[INSN_OPERANDS_MAX];
	unsigned count = insn_operands(insn, operand);
	uint32_t size = IMPLICIT_WRITE;

	for (unsigned i = 0; i < count; i++)
		if (operand[i].size > size)
			size = operand[i].size;
	return size;
}

static const struct decoded *begin(struct vcpu *vcpu)
{
	const struct decoded *decoded = vcpu_decode(vcpu);

	vcpu->stepping = true;
	vcpu->step_guest_tf = vcpu->registers.eflags & EFLAGS_TF;
	vcpu->step_mnemonic = decoded->status == DECODE_OK ? decoded->insn.mnemonic : MNEMONIC_NONE;
	vcpu->registers.eflags |= EFLAGS_TF;
	return decoded;
}

void step_begin(struct vcpu *vcpu)
{
	begin(vcpu);
	vcpu->step_size = 0;
}

void step_begin_write(struct vcpu *vcpu, gla_t at, gpa_t page)
{
	const struct decoded *decoded = begin(vcpu);

	vcpu->step_size =
		decoded->status == DECODE_OK ? write_size(&decoded->insn) : IMPLICIT_WRITE;
	vcpu->step_at = at;
	vcpu->step_page = page;
	vcpu_write_protect(vcpu, page, false);
}

/* The image of EFLAGS that PUSHF has just pushed shows the monitor's TF. */
static void hide_pushed_flag(struct vcpu *vcpu)
{
	uint32_t at = vcpu_stack_pointer(vcpu);
	uint16_t image;

	if (vcpu_load(vcpu, SEGMENT_SS, at, &image, sizeof(image)) != VERDICT_RESUME)
		return;
	image &= (uint16_t)~EFLAGS_TF;
	vcpu_store(vcpu, SEGMENT_SS, at, &image, sizeof(image));
}

static bool writes_flags(unsigned mnemonic)
{
	return mnemonic == MNEMONIC_POPF || mnemonic == MNEMONIC_POPFD ||
	       mnemonic == MNEMONIC_IRET || mnemonic == MNEMONIC_IRETD;
}

static bool pushes_flags(unsigned mnemonic)
{
	return mnemonic == MNEMONIC_PUSHF || mnemonic == MNEMONIC_PUSHFD;
}

bool step_end(struct vcpu *vcpu, unsigned vector, enum verdict *verdict)
{
	bool done = vector == VECTOR_DB && dr6_read() & DR6_BS;

	*verdict = VERDICT_RESUME;
	vcpu->stepping = false;
	if (!vcpu->step_guest_tf && !(done && writes_flags(vcpu->step_mnemonic)))
		vcpu->registers.eflags &= ~EFLAGS_TF;
	if (done && pushes_flags(vcpu->step_mnemonic) && !vcpu->step_guest_tf)
		hide_pushed_flag(vcpu);
	if (vcpu->step_size) {
		vcpu_write_protect(vcpu, vcpu->step_page, true);
		*verdict = views_written(vcpu, gla(vcpu->step_at.raw - IMPLICIT_WRITE),
			vcpu->step_size + IMPLICIT_WRITE);
	}
	/* the guest's own trap: it steps itself, or one of its breakpoints was hit too */
	if (!done || vcpu->step_guest_tf || dr6_read() & DR6_HITS)
		return false;
	vcpu_take_dr6(vcpu, true);
	return true;
}
