/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 2, inject.c: what the processor does when an exception or an interrupt comes, done by hand in
 * the guest's tables.
 *
 * traps.h is the contract. Intel SDM volume 3A: 6.10 to 6.15; volume 2A, INT n.
 */
#include "vm.h"

bool event_has_error_code(struct event event)
{
	/* BEGIN SOLUTION
	(void)event;
	organ_unwritten(__func__);
	*/
	if (event.kind != EVENT_EXCEPTION)
		return false;
	switch (event.vector) {
	case VECTOR_DF:
	case VECTOR_TS:
	case VECTOR_NP:
	case VECTOR_SS:
	case VECTOR_GP:
	case VECTOR_PF:
	case VECTOR_AC:
		return true;
	default:
		return false;
	}
	/* END SOLUTION */
}

/* Everything that a delivery needs, found and checked before anything changes. */
struct delivery {
	struct event event;
	struct descriptor gate;
	uint16_t cs; /* with the real ring in its RPL */
	uint16_t ss;
	uint32_t eip;
	uint32_t esp; /* before the first push */
	bool inner;   /* to an inner ring, on a stack of its own */
	struct segment stack;
};

/* A fault of the delivery itself: EXT says that no instruction of the guest's asked for the event.
 */
static enum verdict delivery_raise(
	struct vcpu *vcpu, const struct delivery *delivery, unsigned vector, uint32_t error_code)
{
	bool external = delivery->event.kind != EVENT_SOFTWARE;

	return vcpu_raise(vcpu, vector, error_code | (external ? ERROR_EXT : 0));
}

/* The gate in the guest's IDT that the event leads through. */
static enum verdict find_gate(struct vcpu *vcpu, struct delivery *delivery)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)delivery, (void)delivery_raise;
	organ_unwritten(__func__);
	*/
	uint32_t offset = delivery->event.vector * sizeof(struct descriptor);
	uint32_t error = offset | ERROR_IDT;

	if (offset + sizeof(struct descriptor) - 1 > vcpu->guest_idtr.limit)
		return delivery_raise(vcpu, delivery, VECTOR_GP, error);
	enum verdict verdict = vcpu_load_linear(
		vcpu, gla(vcpu->guest_idtr.base + offset), &delivery->gate, sizeof(delivery->gate));
	if (verdict != VERDICT_RESUME)
		return verdict;
	unsigned type = delivery->gate.high >> 8 & 0x1f, dpl = delivery->gate.high >> 13 & 3;
	if (type == TYPE_TASK_GATE || type == TYPE_INTERRUPT_GATE16 || type == TYPE_TRAP_GATE16)
		return vm_kill(vcpu,
			"an event leads through a task gate or a 16-bit gate, which this monitor does not emulate");
	if (type != TYPE_INTERRUPT_GATE && type != TYPE_TRAP_GATE)
		return delivery_raise(vcpu, delivery, VECTOR_GP, error);
	if (delivery->event.kind == EVENT_SOFTWARE && dpl < vcpu_cpl(vcpu))
		return delivery_raise(vcpu, delivery, VECTOR_GP, error);
	if (!(delivery->gate.high & DESCRIPTOR_PRESENT))
		return delivery_raise(vcpu, delivery, VECTOR_NP, error);
	return VERDICT_RESUME;
	/* END SOLUTION */
}

/* Where the gate leads: CS, with the real ring that it will run in, and EIP. */
static enum verdict find_code(struct vcpu *vcpu, struct delivery *delivery)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)delivery;
	organ_unwritten(__func__);
	*/
	uint16_t selector = (uint16_t)(delivery->gate.low >> 16);
	uint32_t error = error_of_selector(selector);
	struct segment code = vcpu_segment(vcpu, selector);
	unsigned ring = vcpu_ring(vcpu);

	delivery->eip = (delivery->gate.high & 0xffff0000) | (delivery->gate.low & 0xffff);
	if (!code.code_or_data || !(code.type & TYPE_CODE) || code.dpl > ring)
		return delivery_raise(vcpu, delivery, VECTOR_GP, error);
	if (!code.present)
		return delivery_raise(vcpu, delivery, VECTOR_NP, error);
	delivery->inner = !(code.type & TYPE_CONFORMING) && code.dpl < ring;
	delivery->cs = (uint16_t)((selector & ~SELECTOR_RPL) | (delivery->inner ? code.dpl : ring));
	if (delivery->eip > code.limit)
		return delivery_raise(vcpu, delivery, VECTOR_GP, 0);
	return VERDICT_RESUME;
	/* END SOLUTION */
}

/* BEGIN SOLUTION
 */
static enum verdict find_inner_stack(struct vcpu *vcpu, struct delivery *delivery)
{
	uint16_t ss0;
	enum verdict verdict = vcpu_task_stack(vcpu, &ss0, &delivery->esp);
	unsigned ring = delivery->cs & SELECTOR_RPL;

	if (verdict == VERDICT_GUEST_FAULT) /* no TSS */
		return delivery_raise(vcpu, delivery, VECTOR_TS, vcpu->event.error_code);
	if (verdict != VERDICT_RESUME)
		return verdict;
	delivery->ss = selector_deprivilege(ss0);
	delivery->stack = vcpu_segment(vcpu, delivery->ss);
	struct segment *stack = &delivery->stack;
	if (!stack->code_or_data || stack->type & TYPE_CODE || !(stack->type & TYPE_WRITABLE) ||
		stack->dpl != ring || (delivery->ss & SELECTOR_RPL) != ring)
		return delivery_raise(vcpu, delivery, VECTOR_TS, error_of_selector(ss0));
	if (!stack->present)
		return delivery_raise(vcpu, delivery, VECTOR_SS, error_of_selector(ss0));
	return VERDICT_RESUME;
}

/* END SOLUTION */

/* The stack that the frame goes to: the one in use, or that of the guest's TSS. */
static enum verdict find_stack(struct vcpu *vcpu, struct delivery *delivery)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)delivery;
	organ_unwritten(__func__);
	*/
	if (delivery->inner)
		return find_inner_stack(vcpu, delivery);
	delivery->ss = (uint16_t)vcpu->registers.ss;
	delivery->esp = vcpu->registers.esp;
	delivery->stack = vcpu_segment(vcpu, delivery->ss);
	return VERDICT_RESUME;
	/* END SOLUTION */
}

/* BEGIN SOLUTION
 */
/* What the handler finds on its stack, from the lowest address up. Returns how many doublewords. */
static unsigned build_frame(
	const struct vcpu *vcpu, const struct delivery *delivery, uint32_t frame[6])
{
	unsigned count = 0;

	if (event_has_error_code(delivery->event))
		frame[count++] = delivery->event.error_code;
	frame[count++] = delivery->event.return_eip;
	frame[count++] = selector_believed((uint16_t)vcpu->registers.cs);
	frame[count++] = vcpu_flags(vcpu);
	if (delivery->inner) {
		frame[count++] = vcpu->registers.esp;
		frame[count++] = selector_believed((uint16_t)vcpu->registers.ss);
	}
	return count;
}

/* END SOLUTION */

/* Pushes the frame: the last thing that can fail. */
static enum verdict push_frame(struct vcpu *vcpu, struct delivery *delivery)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)delivery;
	organ_unwritten(__func__);
	*/
	uint32_t frame[6], mask = delivery->stack.default_big ? 0xffffffff : 0xffff;
	uint32_t size = build_frame(vcpu, delivery, frame) * sizeof(frame[0]);
	uint32_t offset = (delivery->esp - size) & mask;
	gla_t linear;

	if (!segment_linear(&delivery->stack, offset, size, true, &linear))
		return delivery_raise(vcpu, delivery, VECTOR_SS,
			delivery->inner ? error_of_selector(selector_believed(delivery->ss)) : 0);
	delivery->esp = (delivery->esp & ~mask) | offset;
	return vcpu_store_linear(vcpu, linear, frame, size);
	/* END SOLUTION */
}

/* Cannot fail. */
static void enter_handler(struct vcpu *vcpu, const struct delivery *delivery)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)delivery;
	organ_unwritten(__func__);
	*/
	struct guest_registers *registers = &vcpu->registers;

	registers->cs = delivery->cs;
	registers->eip = delivery->eip;
	registers->ss = delivery->ss;
	registers->esp = delivery->esp;
	registers->eflags &= ~(EFLAGS_TF | EFLAGS_NT | EFLAGS_RF | EFLAGS_VM);
	if ((delivery->gate.high >> 8 & 0xf) == TYPE_INTERRUPT_GATE)
		vcpu->virtual_if = false;
	/* END SOLUTION */
}

static enum verdict deliver(struct vcpu *vcpu, struct event event)
{
	struct delivery delivery;

	delivery.event = event;
	enum verdict verdict = find_gate(vcpu, &delivery);
	if (verdict == VERDICT_RESUME)
		verdict = find_code(vcpu, &delivery);
	if (verdict == VERDICT_RESUME)
		verdict = find_stack(vcpu, &delivery);
	if (verdict == VERDICT_RESUME)
		verdict = push_frame(vcpu, &delivery);
	if (verdict == VERDICT_RESUME)
		enter_handler(vcpu, &delivery);
	return verdict;
}

/* BEGIN SOLUTION
 */
/* Table 6-5: a fault in delivering one of these makes a double fault of two. */
static bool is_contributory(struct event event)
{
	if (event.kind != EVENT_EXCEPTION)
		return false;
	return event.vector == VECTOR_DE ||
	       (event.vector >= VECTOR_TS && event.vector <= VECTOR_GP);
}

static bool is_page_fault(struct event event)
{
	return event.kind == EVENT_EXCEPTION && event.vector == VECTOR_PF;
}

/* END SOLUTION */

/* Table 6-5: `second` was found while `first` was delivered. */
static bool becomes_double_fault(struct event first, struct event second)
{
	/* BEGIN SOLUTION
	(void)first, (void)second;
	organ_unwritten(__func__);
	*/
	if (is_page_fault(first))
		return is_contributory(second) || is_page_fault(second);
	return is_contributory(first) && is_contributory(second);
	/* END SOLUTION */
}

static bool is_double_fault(struct event event)
{
	return event.kind == EVENT_EXCEPTION && event.vector == VECTOR_DF;
}

enum verdict vcpu_inject(struct vcpu *vcpu, struct event event)
{
	for (;;) {
		enum verdict verdict = deliver(vcpu, event);
		if (verdict != VERDICT_GUEST_FAULT)
			return verdict;
		if (is_double_fault(event))
			return vm_kill(vcpu, "triple fault: its double fault cannot be delivered");
		struct event fault = vcpu->event;
		vcpu->registers.eflags |= EFLAGS_RF; /* as every fault pushes it */
		if (becomes_double_fault(event, fault)) {
			fault.vector = VECTOR_DF;
			fault.error_code = 0;
		}
		event = fault;
	}
}
