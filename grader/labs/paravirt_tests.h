/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of lab 5's graded tests share. */
#ifndef PARAVIRT_TESTS_H
#define PARAVIRT_TESTS_H

#include "costs.h"
#include "guest_results.h"
#include "hypercall.h"
#include "pocket.h"

/* Each file's tests; the last has no test. */
extern const struct graded_test paravirt_pal_tests[];         /* firmware, bare and monitored */
extern const struct graded_test paravirt_pal_hostile_tests[]; /* calls that harm */
extern const struct graded_test paravirt_pal_cost_tests[];    /* what calls cost */

/* The guest `callers`, with a part of its own (enum callers_part) and a choice there. */
enum {
	CALLERS_BEHAVE,
	CALLERS_FAULTS,
	CALLERS_GATES,
	CALLERS_REWRITE,
	CALLERS_NUMBERS,
	CALLERS_TICKS,
	CALLERS_HOLD,
	CALLERS_MONITOR,
	CALLERS_DATA,
	CALLERS_TABLES,
};
struct guest *callers_open(uint32_t part, uint32_t choice, uint32_t rounds);

#endif
