/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of the firmware, for C (pal.h). Whoever includes this has lib/kernel/pal.asm in its image.
 */
#ifndef PAL_CALL_H
#define PAL_CALL_H

#include "pal.h"

#include <stdint.h>

extern uint8_t pal_code[], pal_data[];

/* EDX:EAX */
static inline uint64_t pal_call(unsigned operation, uint32_t edx, uint32_t ecx)
{
	const uint8_t *slot = pal_code + operation * PAL_SLOT;
	uint32_t low, high = edx;

	__asm__ volatile("call *%3"
			 : "=a"(low), "+d"(high), "+c"(ecx)
			 : "r"(slot)
			 : "memory", "cc");
	return (uint64_t)high << 32 | low;
}

static inline uint32_t pal_version(void)
{
	return (uint32_t)pal_call(PAL_VERSION, 0, 0);
}

static inline uint32_t pal_flags(void)
{
	return (uint32_t)pal_call(PAL_FLAGS, 0, 0);
}

static inline void pal_set_flags(uint32_t flags)
{
	pal_call(PAL_SET_FLAGS, flags, 0);
}

/* The flags before. */
static inline uint32_t pal_mask(void)
{
	return (uint32_t)pal_call(PAL_MASK, 0, 0);
}

static inline void pal_unmask(void)
{
	pal_call(PAL_UNMASK, 0, 0);
}

static inline void pal_halt(void)
{
	pal_call(PAL_HALT, 0, 0);
}

static inline void pal_set_cr3(uint32_t value)
{
	pal_call(PAL_SET_CR3, value, 0);
}

static inline void pal_invalidate(uint32_t linear)
{
	pal_call(PAL_INVALIDATE, linear, 0);
}

static inline void pal_update(const struct pal_update *list, uint32_t count)
{
	pal_call(PAL_UPDATE, (uint32_t)list, count);
}

static inline uint64_t pal_time(void)
{
	return pal_call(PAL_TIME, 0, 0);
}

static inline void pal_console(const void *bytes, uint32_t count)
{
	pal_call(PAL_CONSOLE, (uint32_t)bytes, count);
}

#endif
