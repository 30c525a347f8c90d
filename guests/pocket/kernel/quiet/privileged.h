/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is privileged, without the instructions that show or change the processor's state in silence
 * (README.md): a variable says what IF is, and whatever changes IF keeps it true. It is changed
 * only while IF is 0, so no interrupt ever sees the two differ.
 *
 * A pair of interrupts_disable() and interrupts_restore() can be inside another.
 */
#ifndef PRIVILEGED_H
#define PRIVILEGED_H

#include <stdbool.h>
#include <stdint.h>

#include "x86.h"

/* ---- the interrupt flag ---- */

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
