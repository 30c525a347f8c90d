/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instructions that C has no words for (Intel SDM volume 2). Bits have their names in x86.h.
 */
#ifndef CPU_H
#define CPU_H

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

static inline uint32_t eflags_read(void)
{
	uint32_t flags;

	__asm__ volatile("pushf; pop %0" : "=r"(flags) : : "memory");
	return flags;
}

static inline bool interrupts_enabled(void)
{
	return eflags_read() & EFLAGS_IF;
}

/* Turns interrupts off. The result is for interrupts_restore(), so that such pairs can be nested.
 */
static inline uint32_t interrupts_disable(void)
{
	uint32_t flags;

	__asm__ volatile("pushf; pop %0; cli" : "=r"(flags) : : "memory");
	return flags;
}

static inline void interrupts_restore(uint32_t flags)
{
	__asm__ volatile("push %0; popf" : : "r"(flags) : "memory", "cc");
}

static inline void interrupts_enable(void)
{
	__asm__ volatile("sti" : : : "memory");
}

/*
 * Waits for the next interrupt. STI takes effect only behind the instruction that follows it, so
 * no interrupt can come between the two and be slept through.
 */
static inline void interrupts_enable_and_halt(void)
{
	__asm__ volatile("sti; hlt" : : : "memory");
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

static inline uint16_t cs_read(void)
{
	uint16_t value;

	__asm__ volatile("mov %%cs, %0" : "=r"(value));
	return value;
}

static inline uint16_t ds_read(void)
{
	uint16_t value;

	__asm__ volatile("mov %%ds, %0" : "=r"(value));
	return value;
}

static inline uint16_t ss_read(void)
{
	uint16_t value;

	__asm__ volatile("mov %%ss, %0" : "=r"(value));
	return value;
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
