/* SPDX-License-Identifier: BSD-2-Clause */
/* The monitor's cpu.h for the host: privileged instructions become changes of `host`. */
#ifndef CPU_H
#define CPU_H

#include "host.h"

static inline uint32_t cr2_read(void)
{
	return host.cr2;
}

static inline void cr3_write(maddr_t directory)
{
	host.cr3 = directory;
}

static inline uint32_t cr0_read(void)
{
	return host.cr0;
}

static inline void cr0_write(uint32_t value)
{
	host.cr0 = value;
}

static inline uint32_t cr4_read(void)
{
	return host.cr4;
}

static inline void cr4_write(uint32_t value)
{
	host.cr4 = value;
}

static inline uint32_t cpu_features(void)
{
	return CPUID_PSE | CPUID_TSC | CPUID_PGE | CPUID_FXSR;
}

static inline void gdtr_write(const struct table_register *gdtr)
{
	host.gdtr = *gdtr;
}

static inline void idtr_write(const struct table_register *idtr)
{
	host.idtr = *idtr;
}

static inline void ldtr_write(uint16_t selector)
{
	host_load_ldt(selector);
}

static inline uint32_t dr6_read(void)
{
	return host.dr6;
}

static inline void dr6_write(uint32_t value)
{
	host.dr6 = value;
}

static inline void breakpoints_write(const uint32_t address[4], uint32_t dr7)
{
	for (unsigned i = 0; i < 4; i++)
		host.dr[i] = address[i];
	host.dr7 = dr7;
}

static inline void page_invalidate(gla_t linear)
{
	(void)linear;
}

static inline uint64_t tsc_read(void)
{
	return host.now * 100;
}

static inline void floating_point_load(const uint8_t image[512])
{
	(void)image;
}

static inline void floating_point_init(void)
{
}

#endif
