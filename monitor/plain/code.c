/* SPDX-License-Identifier: BSD-2-Clause */
/* Before lab 4 no one looks at the guest's code before it runs. vcpu->code_view stays NULL, and
 * nothing here but the first two functions is ever called. */
#include "code.h"

bool code_create(struct vcpu *vcpu)
{
	(void)vcpu;
	return true;
}

void code_destroy(struct vcpu *vcpu)
{
	(void)vcpu;
}

struct descriptor code_descriptor(struct descriptor descriptor)
{
	return descriptor;
}

void code_publish_shared(struct vcpu *vcpu)
{
	(void)vcpu;
}

void code_root_made(struct vcpu *vcpu, uint32_t *root)
{
	(void)vcpu, (void)root;
}

void code_left(struct vcpu *vcpu)
{
	(void)vcpu;
}

bool code_exit(struct vcpu *vcpu, struct exit_record *exit, enum verdict *verdict)
{
	(void)vcpu, (void)exit, (void)verdict;
	return false;
}

enum verdict code_missed(struct vcpu *vcpu, struct exit_record *exit)
{
	(void)vcpu, (void)exit;
	return VERDICT_ENDED;
}

bool code_must_perform(struct vcpu *vcpu)
{
	(void)vcpu;
	return false;
}

enum verdict code_perform_next(struct vcpu *vcpu)
{
	(void)vcpu;
	return VERDICT_RESUME;
}

void code_resume(struct vcpu *vcpu)
{
	(void)vcpu;
}

void code_memory_written(struct vcpu *vcpu, gpa_t at, uint32_t size)
{
	(void)vcpu, (void)at, (void)size;
}
