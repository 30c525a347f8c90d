/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the guest `intruder`, and what they share. */
#ifndef INTRUDER_H
#define INTRUDER_H

#include "kernel.h"
#include "results.h"
#include "random.h"

enum intruder_part {
	PART_BEHAVE,
	PART_SHARED, /* the selector that patch blocks use */
	PART_REACH,  /* addresses where code is fetched from */
	PART_MIDDLE, /* jumps into runs, and into blocks */
	PART_ABOVE,  /* code where no copies are, and across that border */
	PART_FLOOD,  /* more pages of code than any pool has */
	PART_STORM,  /* code that is rewritten for ever */
};

extern SEEDED uint32_t intruder_part, intruder_seed, intruder_rounds;

/* Does what the part is about. */
void shared_run(void);
void reach_run(void);
void middle_run(void);
void above_run(void);
void flood_run(void);
void storm_run(void);

/* ---- try.asm ---- */

/* Calls `code` with an argument, on a stack of its own, and returns EAX; or 0xdead0000 and the
 * vector where it raised an exception. Interrupts are off behind it. */
uint32_t try_call(uint32_t code, uint32_t argument);
extern uint32_t try_faults; /* how often it did */
void try_init(void);

/* PUSHF, CLI, PUSHF, POPF, and sums of what it saw. It works wherever it lies, for `argument`
 * times. */
extern const uint8_t critical[], critical_run[], critical_end[];

/* What critical must return. */
uint32_t critical_wanted(uint32_t times);

#endif
