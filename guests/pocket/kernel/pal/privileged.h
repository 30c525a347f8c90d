/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is privileged, by calls of the firmware (monitor/include/pal.h): whoever runs the kernel may
 * have replaced it.
 *
 * A pair of interrupts_disable() and interrupts_restore() can be inside another.
 */
#ifndef PRIVILEGED_H
#define PRIVILEGED_H

#include <stdbool.h>
#include <stdint.h>

#include "pal_call.h"

/* ---- the interrupt flag ---- */

static inline uint32_t eflags_read(void)
{
	return pal_flags();
}

static inline uint32_t interrupts_disable(void)
{
	return pal_mask();
}

static inline void interrupts_enable(void)
{
	pal_unmask();
}

static inline void interrupts_restore(uint32_t flags)
{
	pal_set_flags(flags);
}

/* Waits for the next interrupt; none comes before it waits. */
static inline void interrupts_enable_and_halt(void)
{
	pal_halt();
}

static inline void interrupts_were_disabled(void)
{
}

/* ---- memory ---- */

/* Also forgets all translations but global ones. */
static inline void cr3_write(uint32_t value)
{
	pal_set_cr3(value);
}

/* Forgets how the page at `address` was translated. */
static inline void page_invalidate(uint32_t address)
{
	pal_invalidate(address);
}

/* Changes the entry of a page that may be in use. */
static inline void page_entry_set(uint32_t *entry, uint32_t value, uint32_t address)
{
	const struct pal_update update = {(uint32_t)entry, value, address};

	pal_update(&update, 1);
}

/* Changes of many entries, which count when the batch ends. */
struct batch {
	uint32_t count;
	struct pal_update update[64];
};

static inline void batch_begin(struct batch *batch)
{
	batch->count = 0;
}

static inline void batch_end(struct batch *batch)
{
	pal_update(batch->update, batch->count);
	batch->count = 0;
}

static inline void batch_set(struct batch *batch, uint32_t *entry, uint32_t value, uint32_t address)
{
	if (batch->count == sizeof(batch->update) / sizeof(batch->update[0]))
		batch_end(batch);
	batch->update[batch->count++] = (struct pal_update){(uint32_t)entry, value, address};
}

/* ---- the console ---- */

/* True: someone else has put it on the serial line. */
static inline bool console_hand_over(const char *text, uint32_t length)
{
	pal_console(text, length);
	return true;
}

#endif
