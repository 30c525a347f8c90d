/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts how many steps Collatz's sequence takes from each number to 1, and finds the longest way.
 */
#include "pocket.h"

#define LAST 1000u

static unsigned steps_count(uint32_t n)
{
	unsigned steps = 0;

	for (; n != 1; steps++)
		n = n % 2 ? 3 * n + 1 : n / 2;
	return steps;
}

int32_t main(void)
{
	unsigned longest = 0, from = 1;

	for (uint32_t n = 1; n <= LAST; n++) {
		unsigned steps = steps_count(n);
		if (steps > longest) {
			longest = steps;
			from = n;
		}
	}
	printf("count: from 1 to %u, %u takes the most steps: %u\n", LAST, from, longest);
	return 0;
}
