/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory before lab 3: the guest has no paging, so a linear address is a guest-physical one,
 * and every page that it owns is mapped for good. */
#include "cpu.h"
#include "machine.h"
#include "views.h"
#include "vm.h"

#define MAPPED (PTE_P | PTE_RW | PTE_US)

bool vcpu_translate(const struct vcpu *vcpu, gla_t linear, gpa_t *physical)
{
	(void)vcpu;
	*physical = gpa(linear.raw);
	return true;
}

enum page_kind vcpu_page(
	struct vcpu *vcpu, gla_t at, uint32_t access, uint8_t **memory, gpa_t *physical)
{
	maddr_t machine;

	*physical = gpa(at.raw);
	if (!vm_translate(vcpu->vm, *physical, &machine)) {
		vcpu_no_memory(vcpu);
		return PAGE_ENDED;
	}
	*memory = machine_pointer(machine);
	return access & ACCESS_WRITE && views_traces(vcpu, *physical) ? PAGE_TRACED : PAGE_MEMORY;
}

enum verdict vcpu_page_fault(struct vcpu *vcpu, struct exit_record *exit)
{
	bool write = exit->error_code & PF_WR;

	exit->reason = write && views_traces(vcpu, gpa(exit->address)) ? EXIT_TRACED_WRITE
								       : EXIT_PAGE_FAULT;
	return access_perform(vcpu, gla(exit->address), write);
}

void traced_written(struct vcpu *vcpu, gpa_t at, uint32_t size)
{
	if (views_traces(vcpu, at))
		views_written(vcpu, at, size);
}

bool vcpu_map_memory(struct vcpu *vcpu)
{
	maddr_t machine;

	if (!page_directory_create(&vcpu->page_directory))
		return false;
	for (uint32_t at = 0; at < vcpu->vm->memory_size; at += PAGE_SIZE)
		if (vm_translate(vcpu->vm, gpa(at), &machine) &&
			!page_map(vcpu->page_directory, gla(at), machine, MAPPED))
			return false;
	return true;
}

void vcpu_unmap_memory(struct vcpu *vcpu)
{
	if (vcpu->page_directory.raw)
		page_directory_destroy(vcpu->page_directory);
}

enum verdict vcpu_paging_changed(struct vcpu *vcpu, uint32_t changed_cr0, uint32_t changed_cr4)
{
	(void)changed_cr0, (void)changed_cr4;
	if (vcpu->cr0 & CR0_PG)
		return vm_kill(vcpu,
			"it turned paging on (CR0.PG), which takes the shadow page tables of lab 3");
	return VERDICT_RESUME;
}

static void map(struct vcpu *vcpu, gla_t at, maddr_t machine, uint32_t rights)
{
	page_map(vcpu->page_directory, at, machine, rights);
	page_invalidate(at);
}

void vcpu_write_protect(struct vcpu *vcpu, gpa_t page, bool protect)
{
	maddr_t machine;

	if (vm_translate(vcpu->vm, page, &machine))
		map(vcpu, gla(page.raw), machine, protect ? MAPPED & ~PTE_RW : MAPPED);
}

void vcpu_stand_in(struct vcpu *vcpu, gla_t at, maddr_t frame)
{
	map(vcpu, at, frame, MAPPED);
}

void vcpu_stand_out(struct vcpu *vcpu, gla_t at)
{
	vcpu_write_protect(vcpu, gpa(at.raw), views_traces(vcpu, gpa(at.raw)));
}

void vcpu_invalidate(struct vcpu *vcpu, gla_t linear)
{
	(void)vcpu;
	(void)linear;
}
