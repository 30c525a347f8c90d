/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest `pagecosts` does, for whoever measures it from outside. */
#ifndef PAGECOSTS_H
#define PAGECOSTS_H

#include <stdint.h>

/* Each operation lies between two addresses, and comes `rounds` times. In each round the operations
 * come in the table's order. */
struct pagecosts_operation {
	uint32_t from, to;
	uint32_t rounds;
	char name[52];
};

extern const struct pagecosts_operation pagecosts_operations[];
extern const uint32_t pagecosts_operation_count;

#endif
