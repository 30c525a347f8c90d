/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The random cases of lab 4: programs of sensitive instructions, each with a few harmless ones
 * around it. How they are put together is traps_random.h's.
 *
 * Nothing is drawn that cannot be the same on both machines: no time, no feature bits of CPUID.
 */
#ifndef PATCH_RANDOM_H
#define PATCH_RANDOM_H

#include "patch_tests.h"
#include "traps_random.h"

/* ---- guests/jumble/jumble.h ---- */

#define JUMBLE_DATA   0x33
#define JUMBLE_READ   0x3b
#define JUMBLE_ABSENT 0x40
#define JUMBLE_CODE_X 0x48
#define JUMBLE_CODE_C 0x50
#define JUMBLE_LDT    0x58
#define JUMBLE_COUNT  0x61

/* Where a far CALL of a case goes: a RETF. */
extern uint32_t jumble_far;

/* In ring 0. Each leaves ESP as it is, but for what the case ends with. */
emitter emit_flags, emit_segment_read, emit_segment_write, emit_tables_read, emit_selector_test,
	emit_far, emit_interrupt, emit_cpuid;

/* Without memory: the same each time it is run, whatever was before. */
emitter emit_repeatable;

/* The instructions, one in a line; valid until the next call. */
const char *code_text(const uint8_t *code, size_t length, uint32_t address);

#endif
