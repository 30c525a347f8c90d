/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The segments of the code view (code.h): what the processor gets for a code segment of the guest's
 * kernel, when it gets the guest's own instead, and the segment that patch blocks share with the
 * monitor.
 *
 * Invariant: a descriptor with the guest's own base is in the table only from code_lend() to the
 * next exit, and then the processor executes one instruction of the kernel's that the monitor has
 * looked at, or users do.
 */
#include "code.h"

bool code_is_kernels(const struct segment *segment)
{
	return segment->code_or_data && segment->type & TYPE_CODE && segment->dpl == 1 &&
	       segment->present;
}

struct descriptor code_descriptor(struct descriptor descriptor)
{
	struct segment segment = descriptor_unpack(descriptor);

	if (!code_is_kernels(&segment))
		return descriptor;
	if (segment.base >= CODE_MAX) {
		segment.present = false;
		return descriptor_pack(segment);
	}
	if (segment.base == 0 && segment.limit >= CODE_MAX - 1) {
		segment.limit = 0u - CODE_VIEW - 1; /* and the blocks */
		segment.granular = true;
	} else if (segment.limit >= CODE_MAX - segment.base) {
		segment.limit = CODE_MAX - segment.base - 1;
		segment.granular = segment.limit > 0xfffff;
	}
	segment.base += CODE_VIEW;
	segment.type = TYPE_CODE | TYPE_ACCESSED;
	return descriptor_pack(segment);
}

void code_publish_shared(struct vcpu *vcpu)
{
	struct segment shared = {
		.limit = sizeof(struct shared_flags) - 1,
		.type = TYPE_WRITABLE | TYPE_ACCESSED,
		.code_or_data = true,
		.dpl = 1,
		.default_big = true,
		.present = true,
	};

	if (!vcpu->code_view)
		return;
	shared.base = (uint32_t)(uintptr_t)vcpu->code_view->shared;
	vcpu->open_gdt->entry[SELECTOR_INDEX(MONITOR_SHARED)] = descriptor_pack(shared);
	vcpu->closed_gdt->entry[SELECTOR_INDEX(MONITOR_SHARED)] = descriptor_pack(shared);
}

/* The selector's descriptor in the table that the processor uses. */
static struct descriptor *loaded_descriptor(struct vcpu *vcpu, uint16_t selector)
{
	struct descriptor *table = selector & SELECTOR_TI ? vcpu->open_ldt : vcpu->open_gdt->entry;

	return &table[SELECTOR_INDEX(selector)];
}

/* Until the next exit this code segment is what the guest has made it. */
void code_lend(struct vcpu *vcpu, uint16_t selector)
{
	struct code_view *view = vcpu->code_view;
	struct descriptor *loaded = loaded_descriptor(vcpu, selector);

	if (!code_is_kernels(vcpu_look_up(vcpu, selector)))
		return;
	view->lent[view->lent_count] = loaded;
	view->lent_was[view->lent_count++] = *loaded;
	*loaded = descriptor_pack(vcpu_segment(vcpu, selector));
}

/* All that the segment registers name: CS, and what is also read through another one. */
void code_lend_all(struct vcpu *vcpu)
{
	const struct guest_registers *registers = &vcpu->registers;

	code_lend(vcpu, (uint16_t)registers->cs);
	code_lend(vcpu, (uint16_t)registers->ds);
	code_lend(vcpu, (uint16_t)registers->es);
	code_lend(vcpu, (uint16_t)registers->fs);
	code_lend(vcpu, (uint16_t)registers->gs);
}

void code_take_back(struct code_view *view)
{
	while (view->lent_count) {
		view->lent_count--;
		*view->lent[view->lent_count] = view->lent_was[view->lent_count];
	}
}

/* Does the guest read its kernel's code through a data segment register? */
bool code_is_read(const struct vcpu *vcpu)
{
	const struct guest_registers *registers = &vcpu->registers;

	return code_is_kernels(vcpu_look_up(vcpu, (uint16_t)registers->ds)) ||
	       code_is_kernels(vcpu_look_up(vcpu, (uint16_t)registers->es)) ||
	       code_is_kernels(vcpu_look_up(vcpu, (uint16_t)registers->fs)) ||
	       code_is_kernels(vcpu_look_up(vcpu, (uint16_t)registers->gs));
}

static bool holds_shared(const struct guest_registers *registers)
{
	return (registers->ds & ~SELECTOR_RPL) == MONITOR_SHARED ||
	       (registers->es & ~SELECTOR_RPL) == MONITOR_SHARED ||
	       (registers->fs & ~SELECTOR_RPL) == MONITOR_SHARED ||
	       (registers->gs & ~SELECTOR_RPL) == MONITOR_SHARED;
}

/* Blocks reach the shared flags, or fault on the way: what they must not do alone. A segment that
 * is in use must stay. */
void code_share(struct vcpu *vcpu, bool alone)
{
	struct descriptor *shared = loaded_descriptor(vcpu, MONITOR_SHARED);

	if (alone || holds_shared(&vcpu->registers))
		shared->high |= DESCRIPTOR_PRESENT;
	else
		shared->high &= ~DESCRIPTOR_PRESENT;
}
