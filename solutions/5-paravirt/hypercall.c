/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 5, hypercall.c: what the monitor does for a guest that asks. hypercall.h is the contract.
 *
 * Nothing here pretends: no instruction is decoded, no device is imitated. What remains of the old
 * care is that the guest's words are not to be trusted. It says where and how much; the monitor
 * looks at every address as the processor would, and does a piece at a time.
 */
#include "hypercall.h"
#include "clock.h"
#include "vm.h"

/* BEGIN SOLUTION
 */
static enum verdict done(struct vcpu *vcpu, uint32_t result)
{
	vcpu->registers.eax = result;
	vcpu->registers.eip += HYPERCALL_LENGTH;
	return VERDICT_RESUME;
}

/* A piece is done. If something is left, the INT is executed once more. */
static enum verdict go_on(struct vcpu *vcpu)
{
	return vcpu->registers.ecx ? VERDICT_RESUME : done(vcpu, 0);
}

static enum verdict update_one(struct vcpu *vcpu)
{
	struct pal_update update;
	enum verdict verdict =
		vcpu_load_linear(vcpu, gla(vcpu->registers.edx), &update, sizeof(update));

	if (verdict == VERDICT_RESUME)
		verdict = vcpu_store_linear(
			vcpu, gla(update.entry), &update.value, sizeof(update.value));
	if (verdict == VERDICT_RESUME)
		vcpu_invalidate(vcpu, gla(update.linear));
	return verdict;
}

static enum verdict update(struct vcpu *vcpu)
{
	struct guest_registers *registers = &vcpu->registers;

	for (unsigned i = 0; i < HYPERCALL_ENTRIES && registers->ecx; i++) {
		enum verdict verdict = update_one(vcpu);
		if (verdict != VERDICT_RESUME)
			return verdict;
		registers->edx += sizeof(struct pal_update);
		registers->ecx--;
	}
	return go_on(vcpu);
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Page by page: what lies before a page that is missing is printed before the fault. */
static enum verdict console(struct vcpu *vcpu)
{
	struct guest_registers *registers = &vcpu->registers;
	uint8_t bytes[HYPERCALL_BYTES];

	for (uint32_t room = HYPERCALL_BYTES; room && registers->ecx;) {
		uint32_t count = lesser(
			lesser(registers->ecx, room), PAGE_SIZE - (registers->edx & PAGE_MASK));
		enum verdict verdict = vcpu_load_linear(vcpu, gla(registers->edx), bytes, count);
		if (verdict != VERDICT_RESUME)
			return verdict;
		hypercall_console(vcpu, bytes, count);
		registers->edx += count;
		registers->ecx -= count;
		room -= count;
	}
	return go_on(vcpu);
}

/* END SOLUTION */

enum verdict hypercall(struct vcpu *vcpu)
{
	/* BEGIN SOLUTION
	(void)vcpu;
	organ_unwritten(__func__);
	*/
	struct guest_registers *registers = &vcpu->registers;
	uint64_t now;

	switch (registers->eax) {
	case PAL_UNMASK:
		vcpu->virtual_if = true;
		return done(vcpu, 0);
	case PAL_HALT:
		vcpu->virtual_if = true;
		done(vcpu, 0);
		return VERDICT_WAIT;
	case PAL_SET_CR3:
		done(vcpu, 0);
		return vcpu_write_cr(vcpu, 3, registers->edx);
	case PAL_INVALIDATE:
		vcpu_invalidate(vcpu, gla(registers->edx));
		return done(vcpu, 0);
	case PAL_UPDATE:
		return update(vcpu);
	case PAL_TIME:
		now = clock_now();
		registers->edx = (uint32_t)(now >> 32);
		return done(vcpu, (uint32_t)now);
	case PAL_CONSOLE:
		return console(vcpu);
	default:
		return done(vcpu, HYPERCALL_UNKNOWN);
	}
	/* END SOLUTION */
}
