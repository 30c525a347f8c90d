/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory before lab 3: the guest has no paging, so a linear address is a guest-physical one,
 * and every page that it owns is mapped for good. */
#include "cpu.h"
#include "machine.h"
#include "vm.h"

#define MAPPED (PTE_P | PTE_RW | PTE_US)

bool vcpu_translate(const struct vcpu *vcpu, gla_t linear, gpa_t *physical)
{
	(void)vcpu;
	*physical = gpa(linear.raw);
	return true;
}

bool vcpu_map_memory(struct vcpu *vcpu)
{
	maddr_t machine;

	for (uint32_t at = 0; vm_translate(vcpu->vm, gpa(at), &machine); at += PAGE_SIZE)
		if (!page_map(vcpu->page_directory, gla(at), machine, MAPPED))
			return false;
	return true;
}

enum verdict vcpu_paging_changed(struct vcpu *vcpu)
{
	if (vcpu->cr0 & CR0_PG)
		return vm_kill(vcpu,
			"it turned paging on (CR0.PG), which takes the shadow page tables of lab 3");
	return VERDICT_RESUME;
}

void vcpu_write_protect(struct vcpu *vcpu, gpa_t page, bool protect)
{
	gla_t linear = gla(page.raw & ~PAGE_MASK);
	maddr_t machine;

	if (!vm_translate(vcpu->vm, gpa(linear.raw), &machine))
		return;
	page_map(vcpu->page_directory, linear, machine, protect ? MAPPED & ~PTE_RW : MAPPED);
	page_invalidate(linear);
}

void vcpu_invalidate(struct vcpu *vcpu, gla_t linear)
{
	(void)vcpu;
	(void)linear;
}
