/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of the guest `selfmod`. Each notes results (results.h); all of them can be foretold.
 *
 * A short sequence of code is four bytes, the first in the lowest byte, that leave a value in EAX.
 */
#ifndef SELFMOD_H
#define SELFMOD_H

#include "kernel.h"
#include "results.h"
#include "random.h"

extern SEEDED uint32_t selfmod_seed;
extern SEEDED uint32_t selfmod_rounds; /* of what is done over and over */

/* ---- selfmod.c ---- */

/* ---- lines.c: instructions that are rewritten near where the code runs ---- */
void lines_run(void);

/* Four bytes of code and what they leave in EAX, when IF is 1 and the status flags are 0. */
struct sequence {
	const char *name;
	uint32_t bytes;
	uint32_t wanted;
};
#define SEQUENCES 10u
const struct sequence *sequence_get(uint32_t number);

/* Writes a function: the sequence, CLI, RET. */
void sequence_write(uint8_t *code, uint32_t number);

/* Calls code with IF = 1 and the status flags 0, and comes back with IF = 0. lines.asm */
uint32_t code_call(const void *code);

/* ---- jit.c: functions that are made at run time ---- */
void jit_run(void);

#define JIT_BYTES 512u

/* Writes a function of at most JIT_BYTES bytes, and returns its size; it works wherever it lies.
 * *wanted is what it must return. */
uint32_t jit_emit(uint8_t *code, uint32_t operations, uint32_t *wanted);

/* ---- copies.c: code that is moved ---- */
void copies_run(void);

/* ---- turns.c: one buffer, data and code by turns ---- */
void turns_run(void);

/* ---- mappings.c: code behind page tables ---- */
void mappings_run(void);

#endif
