/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory before lab 3: the guest has no paging, so a linear address is a guest-physical one,
 * and every page that it owns is mapped for good. */
#include "machine.h"
#include "vm.h"

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
		if (!page_map(vcpu->page_directory, gla(at), machine, PTE_P | PTE_RW | PTE_US))
			return false;
	return true;
}
