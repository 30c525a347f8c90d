/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers: random.h. */
#include "random.h"

static uint32_t state; /* never 0 */

void random_seed(uint32_t seed)
{
	state = seed ? seed : 1;
}

uint32_t random_u32(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

uint32_t random_below(uint32_t limit)
{
	return random_u32() % limit;
}
