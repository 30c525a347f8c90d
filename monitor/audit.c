/* SPDX-License-Identifier: BSD-2-Clause */
/* The auditor of the shadow page tables: audit.h has the idea, shadow.h the invariant. */
#include "audit.h"
#include "machine.h"
#include "shadow.h"
#include "vm.h"

/* What is wrong with an entry that maps `linear`; NULL: nothing. */
static const char *entry_problem(
	struct vcpu *vcpu, const struct shadow_page *table, gla_t linear, uint32_t entry)
{
	bool supervisors_own = !(vcpu->cr0 & CR0_WP) && !(entry & PTE_US);
	struct walk walk;
	maddr_t machine;

	if (!guest_walk(vcpu, linear, ACCESS_PEEK, &walk))
		return "the guest's tables have nothing there";
	if (table->kind != (walk.large ? SHADOW_LARGE : SHADOW_TABLE) ||
		table->guest.raw != walk.table.raw || table->role != walk.role)
		return "it is in a shadow table that was made from another table, or for another role";
	if (walk.beyond || !vm_translate(vcpu->vm, walk.page, &machine))
		return "the guest has no memory there";
	if ((entry & PTE_FRAME) != machine.raw)
		return "it maps another page";
	if (!walk.accessed)
		return "an A bit of the guest's is clear";
	if (entry & PTE_US && !(walk.rights & PTE_US))
		return "U/S is set, and not in both of the guest's entries";
	if (!(entry & PTE_RW))
		return NULL;
	if (!(walk.rights & PTE_RW) && !supervisors_own)
		return "R/W is set, and not in both of the guest's entries";
	if (!walk.dirty)
		return "R/W is set, and D of the guest's is clear";
	if (shadow_traces(vcpu, walk.page))
		return "R/W is set, and a table of the guest's lies in the page";
	return NULL;
}

static const char *root_problem(struct vcpu *vcpu, const struct shadow_page *root, gla_t *linear)
{
	for (unsigned i = 0; i < FIRST_MONITOR_ENTRY; i++) {
		const struct shadow_page *table = shadow_child(vcpu, root, i);
		for (unsigned j = 0; table && j < TABLE_ENTRIES; j++) {
			const char *problem = NULL;
			*linear = gla(i * LARGE_PAGE_SIZE + j * PAGE_SIZE);
			if (table->entry[j] & PTE_P)
				problem = entry_problem(vcpu, table, *linear, table->entry[j]);
			if (problem)
				return problem;
		}
	}
	return NULL;
}

enum verdict shadow_audit(struct vcpu *vcpu)
{
	const struct shadow_page *root = vcpu->shadow->newest;
	const char *problem = NULL;
	uint32_t cr3 = vcpu->cr3;
	char text[160];
	gla_t linear;

	for (; root && !problem; root = problem ? root : root->older) {
		if (root->kind != SHADOW_ROOT && root->kind != SHADOW_FLAT)
			continue;
		vcpu->cr3 = root->kind == SHADOW_ROOT ? root->guest.raw : cr3;
		problem = root_problem(vcpu, root, &linear);
	}
	vcpu->cr3 = cr3;
	if (!problem)
		return VERDICT_RESUME;
	text_printf(text, sizeof(text),
		"audit: the shadow entry for linear %08x, with the guest's CR3 %08x: %s",
		linear.raw, root->guest.raw, problem);
	return vm_kill(vcpu, text);
}
