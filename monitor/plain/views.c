/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's tables before lab 2: it has no interrupts, so nothing of them needs to be hidden, and
 * its GDT is taken over when LGDT says so and at no other time. */
#include "views.h"
#include "machine.h"

bool views_create(struct vcpu *vcpu)
{
	vcpu->open_gdt = vcpu->gdt;
	vcpu->gdtr = gdt_register(vcpu->open_gdt);
	gdt_fill_monitor(vcpu->open_gdt);
	return true;
}

void views_destroy(struct vcpu *vcpu)
{
	(void)vcpu;
}

void views_activate(struct vcpu *vcpu)
{
	(void)vcpu;
}

void views_load(struct vcpu *vcpu, enum view view)
{
	vcpu->view = view;
}

void views_descriptors_changed(struct vcpu *vcpu, bool local, uint32_t first, uint32_t count)
{
	(void)vcpu, (void)local, (void)first, (void)count;
}

void views_gates_changed(struct vcpu *vcpu, uint32_t first, uint32_t count)
{
	(void)vcpu, (void)first, (void)count;
}

void views_stack_changed(struct vcpu *vcpu)
{
	(void)vcpu;
}

void views_trace_tables(struct vcpu *vcpu)
{
	(void)vcpu;
}

void views_written(struct vcpu *vcpu, gpa_t at, uint32_t size)
{
	(void)vcpu, (void)at, (void)size;
}
