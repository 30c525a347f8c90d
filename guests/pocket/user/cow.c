/* SPDX-License-Identifier: BSD-2-Clause */
/* Three generations write into pages that they share at first. Each must see its own writes, and of
 * its parent's only those from before the fork. */
#include "pocket.h"

#define PAGE_BYTES  4096u
#define PAGE_WORDS  (PAGE_BYTES / sizeof(uint32_t))
#define PAGES       24u
#define GENERATIONS 3u

static uint32_t words[PAGES * PAGE_WORDS];

static uint32_t pattern(uint32_t writer, uint32_t index)
{
	return (writer + 1) * 0x9e3779b1u + index * 0x85ebca6bu;
}

/* Generation g writes the words whose page is a multiple of g + 1: some pages stay shared. */
static void words_write(uint32_t generation)
{
	for (uint32_t i = 0; i < ARRAY_LENGTH(words); i++)
		if (i / PAGE_WORDS % (generation + 1) == 0)
			words[i] = pattern(generation, i);
}

/* The last writer of a page, of those up to `generation`. */
static uint32_t writer_of(uint32_t page, uint32_t generation)
{
	while (page % (generation + 1) != 0)
		generation--;
	return generation;
}

static uint32_t wrong_words(uint32_t generation)
{
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < ARRAY_LENGTH(words); i++)
		wrong += words[i] != pattern(writer_of(i / PAGE_WORDS, generation), i);
	return wrong;
}

/* The number of generations from here on in which something was wrong. */
static int32_t generation_run(uint32_t generation)
{
	int32_t status = 0, child = 0;

	words_write(generation);
	if (generation + 1 < GENERATIONS) {
		child = fork();
		if (child == 0)
			exit(generation_run(generation + 1));
		/* beside the child, which writes too */
		words_write(generation);
		yield();
	}
	if (child < 0 || (child > 0 && waitpid(child, &status) != child))
		return (int32_t)GENERATIONS;
	return status + (wrong_words(generation) > 0);
}

int32_t main(void)
{
	int32_t wrong = generation_run(0);

	printf("cow: %u generations, %d of them saw what is not theirs\n", GENERATIONS, wrong);
	return wrong;
}
