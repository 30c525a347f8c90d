/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Results: named numbers that a guest leaves in its memory, in the order in which it came to them.
 *
 * Whoever compares two machines compares `results` on both. Some results the guest can foretell:
 * one that is not what it must be is printed, so the guest shows by itself what its machine did to
 * it. Others, an address or a checksum, are there for the comparison alone.
 *
 * Invariant: no result depends on time.
 */
#ifndef RESULTS_H
#define RESULTS_H

#include "guest.h"

#define RESULTS_MAX 512

struct result {
	char name[40];
	uint32_t value;
	uint32_t wanted; /* the same as `value` where the guest does not know */
};

extern struct result results[RESULTS_MAX];
extern volatile uint32_t result_count;
extern uint32_t results_wrong; /* how many were not what they must be */

/* Notes a result. `name` has at most 39 bytes; more are cut. */
void result_note(const char *name, uint32_t value);

/* Notes one that must be `wanted`, and prints it where it is not: the first 32 of them. */
void result_check(const char *name, uint32_t value, uint32_t wanted);

/* Prints one line: how many there are, how many are wrong, and a checksum. */
void results_print(const char *guest);

#endif
