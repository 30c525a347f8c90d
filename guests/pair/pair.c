/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest to be loaded twice, side by side: two machines that believe to be alone.
 *
 * Both use the same addresses. Each fills its memory with a pattern of its own, made of a seed and
 * of its name, which is the first word of its command line. Where memory of one shows through in
 * the other, a word is not what it should be.
 */
#include "guest.h"

#define PAIR_WORDS  (256u * 1024) /* 1 MiB */
#define PAIR_ROUNDS 4u
#define NAME_MAX    32u

SEEDED uint32_t pair_seed = 1;
volatile uint32_t pair_counter; /* rounds that are done */
volatile uint32_t pair_wrong;   /* words that were not as they should be */
volatile uint32_t pair_memory[PAIR_WORDS] __attribute__((aligned(4096)));

static void take_name(uint32_t info, char name[NAME_MAX])
{
	const char *word = command_line(info);
	unsigned length = 0;

	while (word[length] && word[length] != ' ' && length < NAME_MAX - 1) {
		name[length] = word[length];
		length++;
	}
	name[length] = '\0';
}

static uint32_t hash(const char *name)
{
	uint32_t state = 2166136261u; /* Fowler, Noll and Vo's */

	while (*name)
		state = (state ^ (uint8_t)*name++) * 16777619u;
	return state;
}

/* The word at `index` in the pattern that `key` names. */
static uint32_t pattern(uint32_t key, uint32_t index)
{
	return (key ^ index) * 2654435761u;
}

static void expect_zeros(void)
{
	for (uint32_t i = 0; i < PAIR_WORDS; i++)
		pair_wrong += pair_memory[i] != 0;
}

static void fill_and_verify(uint32_t key)
{
	for (uint32_t i = 0; i < PAIR_WORDS; i++)
		pair_memory[i] = pattern(key, i);
	for (uint32_t i = 0; i < PAIR_WORDS; i++)
		pair_wrong += pair_memory[i] != pattern(key, i);
}

void kernel_main(uint32_t info)
{
	char name[NAME_MAX];

	take_name(info, name);
	uint32_t key = hash(name) ^ pair_seed;
	expect_zeros();
	while (pair_counter < PAIR_ROUNDS) {
		fill_and_verify(key + pair_counter);
		pair_counter++;
		console_printf("%s: round %u, word 0 is %08x, %u words are wrong\n", name,
			pair_counter, pair_memory[0], pair_wrong);
	}
}
