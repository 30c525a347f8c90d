/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instructions that C has no words for (Intel SDM volume 2). Bits have their names in x86.h.
 */
#ifndef CPU_H
#define CPU_H

#include "gdt.h"
#include "x86.h"

static inline uint8_t port_read(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void port_write(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

/* `count` 16-bit words, one after another. */
static inline void port_read_words(uint16_t port, void *words, uint32_t count)
{
	__asm__ volatile("rep insw" : "+D"(words), "+c"(count) : "d"(port) : "memory");
}

static inline void port_write_words(uint16_t port, const void *words, uint32_t count)
{
	__asm__ volatile("rep outsw" : "+S"(words), "+c"(count) : "d"(port) : "memory");
}

/*
 * What has more than one way to be done, in a header of that name in plain/, quiet/ and pal/. The
 * build says which one counts.
 */
#include "privileged.h"

static inline bool interrupts_enabled(void)
{
	return eflags_read() & EFLAGS_IF;
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

static inline uint32_t cr2_read(void)
{
	uint32_t value;

	__asm__ volatile("mov %%cr2, %0" : "=r"(value));
	return value;
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

/* The segment registers, for a panic. QUIET: what trap.asm has loaded. */
struct segments {
	uint16_t cs, ds, ss;
};

static inline struct segments segments_read(void)
{
#ifdef QUIET
	return (struct segments){.cs = KERNEL_CS, .ds = USER_DS, .ss = KERNEL_DS};
#else
	struct segments segments;

	__asm__ volatile("mov %%cs, %0" : "=r"(segments.cs));
	__asm__ volatile("mov %%ds, %0" : "=r"(segments.ds));
	__asm__ volatile("mov %%ss, %0" : "=r"(segments.ss));
	return segments;
#endif
}

static inline void gdt_register_load(const struct table_register *table)
{
	__asm__ volatile("lgdt %0" : : "m"(*table) : "memory");
}

static inline void idt_register_load(const struct table_register *table)
{
	__asm__ volatile("lidt %0" : : "m"(*table) : "memory");
}

static inline void ldt_register_load(uint16_t selector)
{
	__asm__ volatile("lldt %0" : : "r"(selector) : "memory");
}

static inline void task_register_load(uint16_t selector)
{
	__asm__ volatile("ltr %0" : : "r"(selector) : "memory");
}

#endif
