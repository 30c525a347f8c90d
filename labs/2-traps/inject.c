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
	/* YOUR CODE HERE */
	(void)event;
	organ_unwritten(__func__);
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
	/* YOUR CODE HERE */
	(void)vcpu, (void)delivery, (void)delivery_raise;
	organ_unwritten(__func__);
}

/* Where the gate leads: CS, with the real ring that it will run in, and EIP. */
static enum verdict find_code(struct vcpu *vcpu, struct delivery *delivery)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)delivery;
	organ_unwritten(__func__);
}

/* The stack that the frame goes to: the one in use, or that of the guest's TSS. */
static enum verdict find_stack(struct vcpu *vcpu, struct delivery *delivery)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)delivery;
	organ_unwritten(__func__);
}

/* Pushes the frame: the last thing that can fail. */
static enum verdict push_frame(struct vcpu *vcpu, struct delivery *delivery)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)delivery;
	organ_unwritten(__func__);
}

/* Cannot fail. */
static void enter_handler(struct vcpu *vcpu, const struct delivery *delivery)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)delivery;
	organ_unwritten(__func__);
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

/* Table 6-5: `second` was found while `first` was delivered. */
static bool becomes_double_fault(struct event first, struct event second)
{
	/* YOUR CODE HERE */
	(void)first, (void)second;
	organ_unwritten(__func__);
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
