/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's memory since lab 3: every way to it goes through the shadow page tables.
 *
 * The processor's accesses do so by themselves, and what they miss arrives here as a page fault.
 * The monitor's own, of an emulated instruction or an injected frame, look the address up in the
 * same shadow (memory.h), and what they miss arrives here too. So A and D bits, rights and devices
 * are one matter, in shadow.c. Before lab 3 this is plain/memory.c.
 */
#include "access.h"
#include "audit.h"
#include "code.h"
#include "cpu.h"
#include "machine.h"
#include "shadow.h"
#include "views.h"
#include "vm.h"

/* ---- accesses ---- */

/* The guest's own page fault. */
static enum verdict raise_page_fault(struct vcpu *vcpu, const struct page_fault *fault)
{
	vcpu->cr2 = fault->linear.raw;
	return vcpu_raise(vcpu, VECTOR_PF, fault->error);
}

/* shadow_miss(), held to what it says. */
static enum shadow_fault miss(struct vcpu *vcpu, struct page_fault *fault)
{
	enum shadow_fault kind = shadow_miss(vcpu, fault);

	if (kind == SHADOW_FIXED && !vcpu_pointer(vcpu, fault->linear, 1, fault->access))
		panic("shadow_miss() says SHADOW_FIXED for linear %08x, access %x, but the shadow has no entry there that allows it",
			fault->linear.raw, fault->access);
	return kind;
}

/* An access that the shadow has no entry for. */
static enum page_kind page_missed(struct vcpu *vcpu, struct page_fault *fault, uint8_t **memory)
{
	switch (miss(vcpu, fault)) {
	case SHADOW_FIXED:
		*memory = vcpu_pointer(vcpu, fault->linear, 1, fault->access);
		return PAGE_MEMORY;
	case SHADOW_TRACED:
		*memory = guest_memory(vcpu, fault->physical);
		return PAGE_TRACED;
	case SHADOW_DEVICE:
		return PAGE_DEVICE;
	default:
		raise_page_fault(vcpu, fault);
		return PAGE_FAULT;
	}
}

static gpa_t bus_address(const struct page_fault *fault)
{
	return fault->beyond ? gpa(GPA_NOTHING.raw | fault->physical.raw % PAGE_SIZE)
			     : fault->physical;
}

enum page_kind vcpu_page(
	struct vcpu *vcpu, gla_t at, uint32_t access, uint8_t **memory, gpa_t *physical)
{
	const struct page_fault *known = vcpu->shadow->fault;

	if (known && known->linear.raw == at.raw && known->access == access) {
		/* the very fault that the processor took: what it is has been found out already */
		*physical = bus_address(known);
		*memory = known->beyond ? NULL : guest_memory(vcpu, known->physical);
		return *memory ? PAGE_TRACED : PAGE_DEVICE;
	}
	*memory = vcpu_pointer(vcpu, at, 1, access);
	if (*memory)
		return PAGE_MEMORY;
	if (at.raw >= MONITOR_BASE) {
		vcpu_reached_monitor(vcpu);
		return PAGE_ENDED;
	}
	struct page_fault fault = {.linear = at, .access = access};
	enum page_kind kind = page_missed(vcpu, &fault, memory);
	*physical = bus_address(&fault);
	return kind;
}

/* An instruction that the processor cannot perform alone. */
static enum verdict perform(struct vcpu *vcpu, const struct page_fault *fault)
{
	vcpu->shadow->fault = fault;
	enum verdict verdict = access_perform(vcpu, fault->linear, fault->access & ACCESS_WRITE);
	vcpu->shadow->fault = NULL;
	return verdict;
}

/* Every N-th time, for the word audit=N. */
static enum verdict audit(struct vcpu *vcpu)
{
	struct shadow *shadow = vcpu->shadow;

	if (!shadow->audit_every || !shadow->tracing || ++shadow->audit_count < shadow->audit_every)
		return VERDICT_RESUME;
	shadow->audit_count = 0;
	return shadow_audit(vcpu);
}

enum verdict vcpu_page_fault(struct vcpu *vcpu, struct exit_record *exit)
{
	struct page_fault fault = {
		.linear = gla(exit->address),
		.access = exit->error_code & (PF_WR | PF_US),
	};

	if (fault.linear.raw >= MONITOR_BASE)
		return vcpu->code_view && fault.linear.raw >= CODE_VIEW
			       ? code_missed(vcpu, exit)
			       : vcpu_reached_monitor(vcpu);
	if (audit(vcpu) != VERDICT_RESUME)
		return VERDICT_ENDED;
	switch (miss(vcpu, &fault)) {
	case SHADOW_FIXED:
		exit->reason = EXIT_SHADOW_FILL;
		return VERDICT_RESUME;
	case SHADOW_TRACED:
		exit->reason = EXIT_TRACED_WRITE;
		return perform(vcpu, &fault);
	case SHADOW_DEVICE:
		exit->reason = EXIT_DEVICE_MEMORY;
		return perform(vcpu, &fault);
	default:
		exit->reason = EXIT_PAGE_FAULT;
		return raise_page_fault(vcpu, &fault);
	}
}

void traced_written(struct vcpu *vcpu, gpa_t at, uint32_t size)
{
	uint32_t flags = vcpu->vm->frames[at.raw / PAGE_SIZE].raw;

	if (flags & FRAME_SHADOWED)
		shadow_written(vcpu, at, size);
	if (flags & FRAME_TRACED)
		views_written(vcpu, at, size);
	if (flags & FRAME_CODE)
		code_memory_written(vcpu, at, size);
}

bool vcpu_translate(const struct vcpu *vcpu, gla_t linear, gpa_t *physical)
{
	struct walk walk;

	if (!guest_walk((struct vcpu *)(uintptr_t)vcpu, linear, ACCESS_PEEK, &walk) || walk.beyond)
		return false;
	*physical = gpa(walk.page.raw | (linear.raw & PAGE_MASK));
	return true;
}

/* ---- changes ---- */

bool vcpu_map_memory(struct vcpu *vcpu)
{
	if (!shadow_create(vcpu))
		return false;
	shadow_control_changed(vcpu, 0, 0);
	return true;
}

void vcpu_unmap_memory(struct vcpu *vcpu)
{
	shadow_destroy(vcpu);
}

enum verdict vcpu_paging_changed(struct vcpu *vcpu, uint32_t changed_cr0, uint32_t changed_cr4)
{
	if (vcpu->cr0 & CR0_PG && vcpu->cr4 & CR4_PAE)
		return vm_kill(vcpu,
			"it turned on physical address extension (CR4.PAE), which this monitor does not have");
	shadow_control_changed(vcpu, changed_cr0, changed_cr4);
	views_space_changed(vcpu);
	return audit(vcpu);
}

void vcpu_invalidate(struct vcpu *vcpu, gla_t linear)
{
	shadow_invalidate(vcpu, linear);
	views_page_changed(vcpu, linear);
}

void vcpu_write_protect(struct vcpu *vcpu, gpa_t page, bool protect)
{
	if (protect) /* writable again it becomes by itself, with the next miss */
		shadow_protect(vcpu, page);
}
