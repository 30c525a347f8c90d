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
 * The interrupt flag. A pair of interrupts_disable() and interrupts_restore() can be inside
 * another.
 *
 * With QUIET the kernel does without the instructions that show or change the processor's state in
 * silence (README.md). Then a variable says what IF is: whatever changes IF keeps it true. It is
 * changed only while IF is 0, so no interrupt ever sees the two differ.
 */
#ifdef QUIET

extern volatile bool interrupts_on; /* trap.asm */

static inline uint32_t eflags_read(void)
{
	return EFLAGS_FIXED | (interrupts_on ? EFLAGS_IF : 0);
}

static inline uint32_t interrupts_disable(void)
{
	uint32_t flags = eflags_read();

	__asm__ volatile("cli" : : : "memory");
	interrupts_on = false;
	return flags;
}

static inline void interrupts_enable(void)
{
	interrupts_on = true;
	__asm__ volatile("sti" : : : "memory");
}

static inline void interrupts_restore(uint32_t flags)
{
	if (flags & EFLAGS_IF)
		interrupts_enable();
}

static inline void interrupts_enable_and_halt(void)
{
	interrupts_on = true;
	__asm__ volatile("sti; hlt" : : : "memory");
}

/* An interrupt gate has cleared IF. */
static inline void interrupts_were_disabled(void)
{
	interrupts_on = false;
}

#else

static inline uint32_t eflags_read(void)
{
	uint32_t flags;

	__asm__ volatile("pushf; pop %0" : "=r"(flags) : : "memory");
	return flags;
}

static inline uint32_t interrupts_disable(void)
{
	uint32_t flags;

	__asm__ volatile("pushf; pop %0; cli" : "=r"(flags) : : "memory");
	return flags;
}

static inline void interrupts_enable(void)
{
	__asm__ volatile("sti" : : : "memory");
}

static inline void interrupts_restore(uint32_t flags)
{
	__asm__ volatile("push %0; popf" : : "r"(flags) : "memory", "cc");
}

/*
 * Waits for the next interrupt. STI takes effect only behind the instruction that follows it, so
 * no interrupt can come between the two and be slept through.
 */
static inline void interrupts_enable_and_halt(void)
{
	__asm__ volatile("sti; hlt" : : : "memory");
}

static inline void interrupts_were_disabled(void)
{
}

#endif

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

/* Also forgets all translations but global ones. */
static inline void cr3_write(uint32_t value)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"(value) : "memory");
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

/* Forgets how the page at `address` was translated. */
static inline void page_invalidate(uint32_t address)
{
	__asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
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
