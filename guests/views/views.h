/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the guest `views`. Each notes results (results.h). */
#ifndef VIEWS_H
#define VIEWS_H

#include "kernel.h"
#include "results.h"
#include "random.h"

extern SEEDED uint32_t views_seed;
extern SEEDED uint32_t views_rounds;

/* Bytes from one label of code to another. */
static inline uint32_t code_size(const uint8_t *start, const uint8_t *end)
{
	return (uint32_t)end - (uint32_t)start;
}

/* Notes whether the kernel's code is still what it was at the first call. */
void text_check(const char *when);

/* Calls code that may end in a #GP or #PF; then the fault counts, and EAX is what it was there. The
 * fault is noted in `fault`. */
uint32_t code_try(const void *code, uint32_t argument);
struct fault {
	uint32_t count, eip, error_code, vector;
};
extern struct fault fault;

/* ---- through.c: reads through CS ---- */
void through_run(void);

/* ---- between.c: data between code, and where the code is ---- */
void between_run(void);

/* ---- spaces.c: one page at several addresses, several pages at one ---- */
void spaces_run(void);

/* ---- demand.c: code that is not there yet ---- */
void demand_run(void);

#endif
