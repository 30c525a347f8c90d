/* SPDX-License-Identifier: BSD-2-Clause */
/* Accesses before lab 3: there is nothing on the memory bus but memory, and a write to a traced
 * page is done by the processor, in a single step with the page open. */
#include "access.h"
#include "step.h"
#include "vm.h"

enum verdict access_perform(struct vcpu *vcpu, gla_t at, bool write)
{
	gpa_t physical;

	if (!write || !vcpu_translate(vcpu, at, &physical) || !views_traces(vcpu, physical))
		return vcpu_no_memory(vcpu);
	step_begin_write(vcpu, at, physical);
	return VERDICT_RESUME;
}

void access_end(struct vcpu *vcpu, bool done)
{
	(void)vcpu, (void)done;
}

void access_destroy(struct vcpu *vcpu)
{
	(void)vcpu;
}
