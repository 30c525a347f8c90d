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

/* Initialises the x87 FPU, and overwrites its eight registers, which FNINIT only marks as empty. */
static inline void fpu_clear(void)
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
