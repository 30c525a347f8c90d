/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that uses the processor's own registers: control and debug registers, model-specific
 * registers, the time-stamp counter, the caches (Intel SDM volume 3A, 2.5, 2.8 and 17.2). Ring 0
 * may, ring 3 may not. probes.asm has the instructions.
 */
#include "probe.h"

void control_with_tsd(void)
{
	__asm__ volatile("movl %0, %%cr4" : : "r"(CR4_TSD));
}

void control_with_de(void)
{
	__asm__ volatile("movl %0, %%cr4" : : "r"(CR4_DE));
}

void control_with_ts(void)
{
	__asm__ volatile("movl %%cr0, %%eax\n\torl $8, %%eax\n\tmovl %%eax, %%cr0" : : : "eax");
}

/* What one probe writes, the next shall not find. */
static void reset(void)
{
	for (uint32_t msr = MSR_SYSENTER_CS; msr <= MSR_SYSENTER_EIP; msr++)
		__asm__ volatile("wrmsr" : : "c"(msr), "a"(0), "d"(0));
	__asm__ volatile("movl %0, %%cr2" : : "r"(0));
	__asm__ volatile("movl %0, %%cr3" : : "r"(0));
	__asm__ volatile("movl %0, %%db0" : : "r"(0));
	__asm__ volatile("movl %0, %%db1" : : "r"(0));
	__asm__ volatile("movl %0, %%db2" : : "r"(0));
	__asm__ volatile("movl %0, %%db3" : : "r"(0));
}

void kernel_main(uint32_t info)
{
	(void)info;
	probes_init();
	probes_run("control", reset);
}
