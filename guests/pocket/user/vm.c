/* SPDX-License-Identifier: BSD-2-Clause */
/* vm KIB: fills so much memory, changes it in a random order, and checks every word. */
#include "pocket.h"

#define KIB_DEFAULT 512u
#define PASSES      2u

/* A permutation of 0 to count - 1, where count is a power of two: an odd factor loses nothing. */
static uint32_t scatter(uint32_t i, uint32_t count)
{
	return (i * 0x9e3779b1u + 0x7f4a7c15u) & (count - 1);
}

static uint32_t power_of_two_below(uint32_t n)
{
	uint32_t power = 1;

	while (power <= n / 2)
		power *= 2;
	return power;
}

int32_t main(int32_t argc, char **argv)
{
	uint32_t kib = argc > 1 ? number_read(argv[1]) : KIB_DEFAULT, wrong = 0;
	uint32_t *words = kib < INT32_MAX / 1024 ? sbrk((int32_t)(kib * 1024)) : NULL;

	if (!words || kib == 0) {
		printf("vm: there are not %u KiB\n", kib);
		return 1;
	}
	uint32_t count = power_of_two_below(kib * 1024 / sizeof(*words));
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = scatter(i, count);
		wrong += words[at] != 0;
		words[at] = at;
	}
	for (uint32_t pass = 1; pass <= PASSES; pass++)
		for (uint32_t i = 0; i < count; i++)
			words[scatter(i ^ pass, count)] += pass;
	for (uint32_t i = 0; i < count; i++)
		wrong += words[i] != i + PASSES * (PASSES + 1) / 2;
	printf("vm: %u KiB, %u words are wrong\n", kib, wrong);
	return wrong != 0;
}
