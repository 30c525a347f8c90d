/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest `leaps` leaves beside probe_outcomes (probe.h), for whoever compares it with
 * itself on another machine. */
#ifndef LEAPS_H
#define LEAPS_H

#include "probe.h"

/* All probes are run twice: in probe_outcomes is the second time, here the first. */
extern struct outcome leaps_first_outcomes[PROBES_MAX];

/* Where the faults were that a handler stepped over, in a ring, and how many there were. */
#define LEAPS_FAULTS 256
extern uint32_t leaps_fault_eips[LEAPS_FAULTS];
extern uint32_t leaps_fault_count;

/* How often INT COUNT_VECTOR and INT3 came to their handler. */
#define COUNT_VECTOR 0x61
extern uint32_t leaps_count;

/* From ring 3 back to where ESI leads. */
#define BACK_VECTOR 0x62

/* What instructions write to. */
extern uint8_t leaps_operand[64];

/* ---- soup.c ---- */

/* Random code. How it ended for each entry: number soup * SOUP_BYTES + byte; `vector` is 0 where
 * the soup is not entered. */
#define SOUPS      48u
#define SOUP_BYTES 48u
struct leaps_soup {
	uint32_t eip; /* from the soup's beginning */
	uint32_t vector, eflags;
	uint32_t sum; /* of the general registers and the stack */
};
extern struct leaps_soup leaps_soups[SOUPS * SOUP_BYTES];
extern SEEDED uint32_t leaps_probing; /* 0: the soups alone */
extern SEEDED uint32_t leaps_seed;
extern SEEDED uint32_t leaps_soup_count; /* at most SOUPS */

void soups_run(void);

#endif
