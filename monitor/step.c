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

/* What instructions write to the stack that no operand says. */
#define ENTER_WRITE 128u /* up to 32 doublewords */
#define PUSHA_WRITE 32u  /* eight */
#define CALL_WRITE  8u   /* two: a far CALL; every other pushes one */
#define UNKNOWN     128u

static uint32_t implicit_write(unsigned mnemonic)
{
	switch (mnemonic) {
	case MNEMONIC_ENTER:
		return ENTER_WRITE;
	case MNEMONIC_PUSHA:
	case MNEMONIC_PUSHAD:
		return PUSHA_WRITE;
	default:
		return CALL_WRITE;
	}
}

/* The bytes that an instruction writes at most, to either side of where its write faulted. */
static uint32_t write_size(const struct insn *insn)
{
	struct insn_operand operand[INSN_OPERANDS_MAX];
	unsigned count = insn_operands(insn, operand);
	uint32_t size = implicit_write(insn->mnemonic);

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

void step_begin_access(struct vcpu *vcpu)
{
	step_begin(vcpu);
	vcpu->registers.eflags &= ~EFLAGS_IF;
}

/* The first byte that the write may reach. */
static uint32_t write_first(const struct vcpu *vcpu)
{
	return vcpu->step_at.raw < vcpu->step_size ? 0 : vcpu->step_at.raw - vcpu->step_size;
}

/* The write may touch two write-protected pages: both are open, or it would never be done. */
static void protect_pages(struct vcpu *vcpu, bool protect)
{
	const uint32_t ends[] = {write_first(vcpu), vcpu->step_at.raw + vcpu->step_size - 1};
	gpa_t page;

	vcpu_write_protect(vcpu, vcpu->step_page, protect);
	for (unsigned i = 0; i < ARRAY_LENGTH(ends); i++)
		if ((ends[i] ^ vcpu->step_at.raw) >= PAGE_SIZE &&
			vcpu_translate(vcpu, gla(ends[i]), &page) && views_traces(vcpu, page))
			vcpu_write_protect(vcpu, page, protect);
}

/* What the instruction may have written, page by page. */
static void step_tell(struct vcpu *vcpu)
{
	uint32_t at = write_first(vcpu), left = 2 * vcpu->step_size;
	gpa_t physical;

	while (left) {
		uint32_t part = PAGE_SIZE - at % PAGE_SIZE;
		if (part > left)
			part = left;
		if (vcpu_translate(vcpu, gla(at), &physical) && vm_has_memory(vcpu->vm, physical))
			traced_written(vcpu, physical, part);
		at += part;
		left -= part;
	}
}

void step_begin_write(struct vcpu *vcpu, gla_t at, gpa_t page)
{
	const struct decoded *decoded = begin(vcpu);

	vcpu->step_size = decoded->status == DECODE_OK ? write_size(&decoded->insn) : UNKNOWN;
	vcpu->step_at = at;
	vcpu->step_page = page;
	protect_pages(vcpu, false);
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

bool step_end(struct vcpu *vcpu, unsigned vector)
{
	bool done = vector == VECTOR_DB && dr6_read() & DR6_BS;

	vcpu->stepping = false;
	vcpu->registers.eflags |= EFLAGS_IF;
	if (!vcpu->step_guest_tf && !(done && writes_flags(vcpu->step_mnemonic)))
		vcpu->registers.eflags &= ~EFLAGS_TF;
	if (vcpu->access.pages)
		access_end(vcpu, done);
	else if (done && pushes_flags(vcpu->step_mnemonic) && !vcpu->step_guest_tf)
		hide_pushed_flag(vcpu);
	if (vcpu->step_size) {
		protect_pages(vcpu, true);
		step_tell(vcpu);
	}
	if (done && !vcpu->step_guest_tf)
		dr6_write(dr6_read() & ~DR6_BS); /* the monitor's own */
	/* the guest's own trap: it steps itself, or one of its breakpoints was hit too */
	if (!done || vcpu->step_guest_tf || dr6_read() & DR6_HITS)
		return false;
	vcpu_take_dr6(vcpu, true);
	return true;
}
