/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is privileged, by the processor's own instructions.
 *
 * A pair of interrupts_disable() and interrupts_restore() can be inside another.
 */
#ifndef PRIVILEGED_H
#define PRIVILEGED_H

#include <stdbool.h>
#include <stdint.h>

/* ---- the interrupt flag ---- */

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

/* ---- memory ---- */

/* Also forgets all translations but global ones. */
static inline void cr3_write(uint32_t value)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

/* Forgets how the page at `address` was translated. */
static inline void page_invalidate(uint32_t address)
{
	__asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

/* Changes the entry of a page that may be in use. */
static inline void page_entry_set(uint32_t *entry, uint32_t value, uint32_t address)
{
	*entry = value;
	page_invalidate(address);
}

/* Changes of many entries, which count when the batch ends. The processor may remember the old ones
 * until CR3 is written. */
struct batch {
	char nothing;
};

static inline void batch_begin(struct batch *batch)
{
	(void)batch;
}

static inline void batch_set(struct batch *batch, uint32_t *entry, uint32_t value, uint32_t address)
{
	(void)batch, (void)address;
	*entry = value;
}

static inline void batch_end(struct batch *batch)
{
	(void)batch;
}

/* ---- the console ---- */

/* True: someone else has put it on the serial line. */
static inline bool console_hand_over(const char *text, uint32_t length)
{
	(void)text, (void)length;
	return false;
}

#endif
