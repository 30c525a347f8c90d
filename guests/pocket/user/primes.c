/* SPDX-License-Identifier: BSD-2-Clause */
/* The sieve of Eratosthenes: a program with a large array. */
#include "pocket.h"

#define LIMIT 20000u

static bool composite[LIMIT];

int32_t main(void)
{
	unsigned count = 0, largest = 0;

	for (unsigned n = 2; n < LIMIT; n++) {
		if (composite[n])
			continue;
		count++;
		largest = n;
		for (unsigned multiple = n * n; n * n < LIMIT && multiple < LIMIT; multiple += n)
			composite[multiple] = true;
	}
	printf("primes: %u below %u, the largest is %u\n", count, LIMIT, largest);
	return 0;
}
