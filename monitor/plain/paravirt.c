/* SPDX-License-Identifier: BSD-2-Clause */
/* Before lab 5 no guest is offered anything that a PC does not have. */
#include "paravirt.h"

const char *pal_install(struct vm *vm)
{
	(void)vm;
	return NULL;
}

void pal_remove(struct vm *vm)
{
	(void)vm;
}

bool pal_is_firmware(const struct vm *vm, const struct code_page *page)
{
	(void)vm, (void)page;
	return false;
}

enum verdict pal_exit(struct vcpu *vcpu, struct exit_record *exit)
{
	(void)vcpu;
	exit->reason = EXIT_EXCEPTION;
	return VERDICT_GUEST_FAULT;
}

bool pal_called(struct vcpu *vcpu, const struct insn *insn)
{
	(void)vcpu, (void)insn;
	return false;
}

enum verdict hypercall(struct vcpu *vcpu)
{
	(void)vcpu;
	return VERDICT_RESUME;
}
