/* SPDX-License-Identifier: BSD-2-Clause */
/* Single instructions that C has no words for (SDM volume 2). */
#ifndef CPU_H
#define CPU_H

#include "x86.h"

static inline void port_write8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t port_read8(uint16_t port)
{
	uint8_t value;
	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void port_write16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint32_t cr2_read(void)
{
	uint32_t value;
	__asm__ volatile("mov %%cr2, %0" : "=r"(value));
	return value;
}

static inline void cr3_write(maddr_t directory)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"(directory.raw) : "memory");
}

static inline uint32_t cr0_read(void)
{
	uint32_t value;
	__asm__ volatile("mov %%cr0, %0" : "=r"(value));
	return value;
}

static inline void cr0_write(uint32_t value)
{
	__asm__ volatile("mov %0, %%cr0" : : "r"(value) : "memory");
}

static inline uint32_t cr4_read(void)
{
	uint32_t value;
	__asm__ volatile("mov %%cr4, %0" : "=r"(value));
	return value;
}

static inline void cr4_write(uint32_t value)
{
	__asm__ volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

/* CPUID leaf 1, EDX: what the processor can do. */
static inline uint32_t cpu_features(void)
{
	uint32_t eax = 1, ebx, ecx, edx;
	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
	return edx;
}

static inline void gdtr_write(const struct table_register *gdtr)
{
	__asm__ volatile("lgdt %0" : : "m"(*gdtr) : "memory");
}

static inline void idtr_write(const struct table_register *idtr)
{
	__asm__ volatile("lidt %0" : : "m"(*idtr) : "memory");
}

static inline void tr_write(uint16_t selector)
{
	__asm__ volatile("ltr %0" : : "r"(selector) : "memory");
}

static inline uint32_t dr6_read(void)
{
	uint32_t value;
	__asm__ volatile("mov %%dr6, %0" : "=r"(value));
	return value;
}

static inline void dr6_write(uint32_t value)
{
	__asm__ volatile("mov %0, %%dr6" : : "r"(value));
}

/* The four addresses, then which of them count (DR7). */
static inline void breakpoints_write(const uint32_t address[4], uint32_t dr7)
{
	__asm__ volatile("mov %0, %%dr0" : : "r"(address[0]));
	__asm__ volatile("mov %0, %%dr1" : : "r"(address[1]));
	__asm__ volatile("mov %0, %%dr2" : : "r"(address[2]));
	__asm__ volatile("mov %0, %%dr3" : : "r"(address[3]));
	__asm__ volatile("mov %0, %%dr7" : : "r"(dr7));
}

static inline void page_invalidate(gla_t linear)
{
	__asm__ volatile("invlpg (%0)" : : "r"(linear.raw) : "memory");
}

static inline void ldtr_write(uint16_t selector)
{
	__asm__ volatile("lldt %0" : : "r"(selector) : "memory");
}

static inline uint64_t tsc_read(void)
{
	uint32_t low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

/* The quotient must fit into 32 bits. */
static inline uint32_t divide_64_by_32(uint64_t dividend, uint32_t divisor)
{
	uint32_t low = (uint32_t)dividend, high = (uint32_t)(dividend >> 32);
	__asm__("divl %2" : "+a"(low), "+d"(high) : "r"(divisor) : "cc");
	return low;
}

/* The x87 FPU, MMX and SSE registers as an image of 512 bytes says (SDM volume 2A, FXRSTOR). */
static inline void floating_point_load(const uint8_t image[512])
{
	__asm__ volatile("fxrstor (%0)" : : "r"(image) : "memory");
}

/* Initialises the x87 FPU, and overwrites its eight registers, which FNINIT only marks as empty. */
static inline void floating_point_init(void)
{
	__asm__ volatile("fninit\n\t"
			 "fldz; fldz; fldz; fldz; fldz; fldz; fldz; fldz\n\t"
			 "fninit");
}

_Noreturn static inline void cpu_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

#endif
