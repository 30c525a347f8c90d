/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest `timer` goes through, and what it can tell by itself. */
#ifndef TIMER_H
#define TIMER_H

#include <stdint.h>

enum timer_phase {
	TIMER_RATE,      /* mode 2, the processor waits in HLT */
	TIMER_SQUARE,    /* mode 3, the same */
	TIMER_BUSY,      /* mode 2, the processor computes */
	TIMER_ONE_SHOT,  /* mode 0 */
	TIMER_STROBE,    /* mode 4 */
	TIMER_REPROGRAM, /* mode 2, with another count after two periods */
	TIMER_DEAF,      /* mode 2, interrupts are off for three periods and a half */
	TIMER_READ_BACK, /* the guest reads the counter */
	TIMER_PHASES,
};

struct timer_results {
	uint32_t interrupts[TIMER_PHASES];
	uint32_t halts[TIMER_PHASES]; /* how often HLT was executed */
	/* status bytes: OUT, null count, access, mode, BCD */
	uint32_t status_no_count, status_counting, status_before_count;
	uint32_t first_count, second_count, third_count, fourth_count;
};

#endif
