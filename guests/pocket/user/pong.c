/* SPDX-License-Identifier: BSD-2-Clause */
/* The other half of ping. Its status is the number of its rounds. */
#include "pocket.h"

#define ROUNDS 3

int32_t main(void)
{
	int32_t done = 0;

	for (; done < ROUNDS; done++) {
		sleep(1);
		yield();
	}
	return done;
}
