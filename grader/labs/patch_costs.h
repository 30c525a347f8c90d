/* SPDX-License-Identifier: BSD-2-Clause */
/* What operations cost between the labels of guests/patchcosts, for tests and for the bench. */
#ifndef PATCH_COSTS_H
#define PATCH_COSTS_H

#include "patch_tests.h"

#define OPERATIONS_MAX 32
#define ROUNDS         12 /* of patchcosts.asm */

/* As guests/patchcosts/patchcosts.h has it. */
struct operation {
	uint32_t from, to, rounds;
	char name[52];
};

struct costs {
	const struct guest *guest;
	struct operation operation[OPERATIONS_MAX];
	uint32_t count;
	uint64_t first[OPERATIONS_MAX], least[OPERATIONS_MAX]; /* in its first round; in any */
};

/* Runs the guest through all its rounds. */
void costs_of(const struct guest *guest, struct machine *m, struct costs *costs);

/* Which operation has that label? */
uint32_t cost_number(const struct costs *costs, const char *label);

/* Instructions of a machine that boots pocket for its self-test, without the time that it sleeps.
 */
uint64_t selftest_cost(bool bare, const char *words, uint32_t *exits);

#endif
