/* SPDX-License-Identifier: BSD-2-Clause */
/* What kernel.h has for NASM files: becomes kernel.inc, as ../constants.c becomes constants.inc. */
#include "kernel.h"

#define CONSTANT(name) __asm__ volatile(".ascii \"@ " #name " %c0\"" : : "i"((unsigned)(name)))

void constants(void);

void constants(void)
{
	CONSTANT(KERNEL_CS);
	CONSTANT(KERNEL_DS);
	CONSTANT(USER_CS);
	CONSTANT(USER_DS);
	CONSTANT(KERNEL_TSS);
	CONSTANT(KERNEL_FREE);
	CONSTANT(KERNEL_STUB_BYTES);
	CONSTANT(SYSTEM_CALL);
}
