/* SPDX-License-Identifier: BSD-2-Clause */
/* What operations cost between the labels of a guest that has guests/lib/operations.inc. */
#ifndef COSTS_H
#define COSTS_H

#include "shared.h"

#define OPERATIONS_MAX 32
#define ROUNDS         12 /* of operations.inc */

/* As guests/lib/operations.inc has it. */
struct operation {
	uint32_t from, to, rounds;
	char name[52];
};

struct costs {
	const struct guest *guest;
	const char *name;
	struct operation operation[OPERATIONS_MAX];
	uint32_t count;
	uint64_t first[OPERATIONS_MAX], least[OPERATIONS_MAX]; /* in its first round; in any */
};

/* Runs the guest `name` through all its rounds. */
void costs_of(const struct guest *guest, const char *name, struct machine *m, struct costs *costs);

/* Which operation has that label? */
uint32_t cost_number(const struct costs *costs, const char *label);

#endif
