/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest `patchcosts` does, for whoever measures it from outside. */
#ifndef PATCHCOSTS_H
#define PATCHCOSTS_H

#include <stdint.h>

/* Each operation lies between two addresses, and comes `rounds` times. In each round the operations
 * come in the table's order. Both addresses are places that a branch leads to. */
struct patchcosts_operation {
	uint32_t from, to;
	uint32_t rounds;
	char name[52];
};

extern const struct patchcosts_operation patchcosts_operations[];
extern const uint32_t patchcosts_operation_count;

#endif
