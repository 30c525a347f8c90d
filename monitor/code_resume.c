/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way back into the guest's kernel since lab 4: into a copy, a block, or the plain view
 * (code_exit.c says what that is good for).
 */
#include "code.h"
#include "cpu.h"
#include "step.h"

/* Can its code segment reach the blocks, and is EIP a linear address in it? */
bool code_reaches_blocks(const struct vcpu *vcpu)
{
	const struct segment *code = vcpu_look_up(vcpu, (uint16_t)vcpu->registers.cs);

	return vcpu->code_view->blocks && code->base == 0 && code->limit >= CODE_MAX - 1 &&
	       code->default_big;
}

/* The copy that the processor fetches from at EIP, and where in it; NULL: none. */
struct code_page *code_page_here(const struct vcpu *vcpu, uint32_t *offset)
{
	uint32_t linear =
		vcpu_look_up(vcpu, (uint16_t)vcpu->registers.cs)->base + vcpu->registers.eip;

	*offset = linear & PAGE_MASK;
	return code_page_at(vcpu, gla(linear));
}

/* Which of the guest's breakpoints on data the instruction's store has hit, as DR6 has them
 * (17.2.4). */
static uint32_t breaks_on_store(const struct vcpu *vcpu)
{
	uint32_t dr7 = vcpu->dr[7], first = vcpu->stored_at.raw, hits = 0;

	for (unsigned i = 0; i < 4 && dr7 & DR7_ENABLES; i++) {
		uint32_t size = (dr7 >> (18 + 4 * i) & 3) + 1, at = vcpu->dr[i] & ~(size - 1);
		if (dr7 & DR7_ENABLE(i) && dr7 >> (16 + 4 * i) & 1 && at < first + vcpu->stored &&
			first < at + size)
			hits |= 1u << i;
	}
	return hits;
}

/* The instruction at EIP, done by the monitor. Where nothing names its fault it is #GP(0). */
enum verdict code_perform(struct vcpu *vcpu, const struct insn *insn)
{
	vcpu->stored = 0;
	enum verdict verdict = insn_emulate(vcpu, insn);
	bool traps = verdict == VERDICT_GUEST_FAULT && vcpu->event.kind == EVENT_EXCEPTION &&
		     vcpu->event.vector == VECTOR_DB; /* the guest steps itself, too */

	if (vcpu->stored && (verdict == VERDICT_RESUME || traps) && breaks_on_store(vcpu)) {
		vcpu->dr[6] |= breaks_on_store(vcpu);
		dr6_write(vcpu->dr[6]);
		return vcpu_raise(vcpu, VECTOR_DB, 0);
	}
	if (verdict == VERDICT_GUEST_FAULT && vcpu->event.kind == EVENT_NONE)
		return vcpu_raise(vcpu, VECTOR_GP, 0);
	return verdict;
}

/* ---- going on ---- */

/* Does the guest's kernel execute where there is no code view? */
static bool is_outside(const struct vcpu *vcpu)
{
	uint32_t base = vcpu_look_up(vcpu, (uint16_t)vcpu->registers.cs)->base;

	return vcpu_ring(vcpu) == 1 && base + vcpu->registers.eip >= CODE_MAX;
}

/* Which of the guest's breakpoints are on instructions, as DR6 has them. The processor compares
 * linear addresses: only in the plain view do they hit. */
static uint32_t breaks_on_code(const struct vcpu *vcpu)
{
	uint32_t dr7 = vcpu->dr[7], found = 0;

	for (unsigned i = 0; i < 4 && dr7 & DR7_ENABLES; i++)
		if (dr7 & DR7_ENABLE(i) && !(dr7 >> (16 + 4 * i) & 3))
			found |= 1u << i;
	return found;
}

/* And which of these are on the next one. */
static uint32_t breaks_here(const struct vcpu *vcpu)
{
	uint32_t linear =
		vcpu_look_up(vcpu, (uint16_t)vcpu->registers.cs)->base + vcpu->registers.eip;
	uint32_t found = breaks_on_code(vcpu);

	for (unsigned i = 0; i < 4; i++)
		if (vcpu->dr[i] != linear)
			found &= ~(1u << i);
	return vcpu->registers.eflags & EFLAGS_RF ? 0 : found;
}

static bool next_is_sensitive(struct vcpu *vcpu)
{
	const struct decoded *decoded = vcpu_decode(vcpu);

	return decoded->status == DECODE_OK && decoded->insn.class == INSN_SENSITIVE;
}

bool code_must_perform(struct vcpu *vcpu)
{
	if (vcpu_ring(vcpu) != 1 || vcpu->stepping)
		return false;
	return vcpu->code_view->reads_code || is_outside(vcpu) || breaks_on_code(vcpu) ||
	       (vcpu->registers.eflags & EFLAGS_TF && next_is_sensitive(vcpu));
}

enum verdict code_perform_next(struct vcpu *vcpu)
{
	vcpu->event.kind = EVENT_NONE;
	if (breaks_here(vcpu) && next_is_sensitive(vcpu)) {
		vcpu->dr[6] |= breaks_here(vcpu);
		vcpu->registers.eflags |= EFLAGS_RF;
		return vcpu_raise(vcpu, VECTOR_DB, 0);
	}
	if (next_is_sensitive(vcpu))
		return code_perform(vcpu, &vcpu_decode(vcpu)->insn);
	step_begin(vcpu);
	return VERDICT_RESUME;
}

/* The same bytes are other instructions in a 16-bit segment. */
static void size_select(struct vcpu *vcpu)
{
	struct code_view *view = vcpu->code_view;
	unsigned size = vcpu_look_up(vcpu, (uint16_t)vcpu->registers.cs)->default_big ? 32 : 16;

	if (size == view->code_size)
		return;
	view->code_size = size;
	view->patch = NULL;
	code_pages_forget(vcpu);
}

/* A breakpoint at the next exact point of the block. */
static void plant(struct vcpu *vcpu)
{
	struct code_view *view = vcpu->code_view;
	const struct patch *patch = view->patch;

	for (unsigned i = 0; i < patch->points; i++) {
		if (patch->point[i].at <= view->at || !patch->point[i].exact)
			continue;
		view->planted = code_block_byte(vcpu, patch->block + patch->point[i].at);
		view->planted_was = *view->planted;
		*view->planted = BREAKPOINT;
		return;
	}
}

/* Back into the block, if the guest is still where it was. */
static void enter_block(struct vcpu *vcpu)
{
	struct code_view *view = vcpu->code_view;
	struct guest_registers *registers = &vcpu->registers;
	const struct patch *patch = view->patch;
	int at = (int)view->at;

	if (view->exact)
		at = patch_entry(patch, registers->eip - patch->page->linear.raw - patch->offset);
	if (at < 0)
		return;
	registers->eip = patch->block + (uint32_t)at;
	if (!view->exact && (vcpu->vm->interrupt_pending || view->debug))
		plant(vcpu);
}

void code_resume(struct vcpu *vcpu)
{
	struct code_view *view = vcpu->code_view;
	bool inexact = view->patch && !view->exact;

	view->shared->delta = vcpu->virtual_if ? 0 : SHARED_IF_CLEAR;
	view->shared->waiting = vcpu->vm->interrupt_pending;
	code_share(vcpu,
		inexact || (!vcpu->vm->interrupt_pending && vcpu->virtual_iopl == 0 &&
				   vcpu_look_up(vcpu, (uint16_t)vcpu->registers.ss)->default_big));
	view->was_plain = false;
	if (vcpu_ring(vcpu) != 1) { /* an open gate may lead to the kernel with no exit */
		code_lend_all(vcpu);
		code_lend(vcpu, view->wanted);
		view->wanted = 0;
		return;
	}
	size_select(vcpu);
	view->was_plain = vcpu->registers.eflags & EFLAGS_TF && !inexact;
	if (view->was_plain) {
		code_lend_all(vcpu);
		return;
	}
	if (view->patch)
		enter_block(vcpu);
}
