/* SPDX-License-Identifier: BSD-2-Clause */
/* Injection before lab 2: there is none. */
#include "vm.h"

enum verdict vcpu_inject(struct vcpu *vcpu, struct event event)
{
	(void)event;
	return vm_kill(
		vcpu, "it raised an exception, and before lab 2 the monitor cannot inject one");
}
