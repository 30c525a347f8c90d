/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program that all processes run, in ring 3. Each looks whether its memory is that of its
 * parent, writes its own pattern over some of its pages, forks, waits for its children, and looks
 * whether its memory is still what it was.
 *
 * It has no data of the kernel's and calls nothing of it. Which process wrote a page last is in the
 * first page, which is memory like the others.
 */
#include "cow.h"

#define INLINE        static inline __attribute__((always_inline))
#define WORD_STEP     29u /* of a page's words, every 29th is written */
#define PATTERN_PAGES (DATA_PAGES - 1)

/* The number of the process that wrote a page last, plus 1; 0: it is all zeros. */
INLINE volatile uint32_t *owner_of(uint32_t page)
{
	return (volatile uint32_t *)DATA + page;
}

INLINE volatile uint32_t *word_of(uint32_t page, uint32_t word)
{
	return (volatile uint32_t *)(DATA + (page + 1) * PAGE_SIZE) + word;
}

INLINE uint32_t mix(uint32_t value)
{
	value = (value ^ value >> 15) * 0x2c1b3c6du;
	value = (value ^ value >> 12) * 0x297a2d39u;
	return value ^ value >> 15;
}

INLINE uint32_t pattern(uint32_t seed, uint32_t owner, uint32_t page, uint32_t word)
{
	return owner == 0 ? 0 : mix(seed + owner * 65536 + page * TABLE_ENTRIES + word);
}

USER_CODE static uint32_t pages_check(uint32_t seed)
{
	uint32_t sum = 0;

	for (uint32_t page = 0; page < PATTERN_PAGES; page++) {
		uint32_t owner = *owner_of(page);
		for (uint32_t word = 0; word < TABLE_ENTRIES; word += WORD_STEP) {
			uint32_t value = *word_of(page, word);
			if (value != pattern(seed, owner, page, word))
				system_call(CALL_FAIL, (uint32_t)word_of(page, word));
			sum = mix(sum + value);
		}
	}
	return sum;
}

/* Half of the pages, others in each process. */
USER_CODE static void pages_write(uint32_t seed, uint32_t number)
{
	for (uint32_t page = 0; page < PATTERN_PAGES; page++) {
		if (mix(seed ^ number * 31 ^ page) & 1)
			continue;
		*owner_of(page) = number + 1;
		for (uint32_t word = 0; word < TABLE_ENTRIES; word += WORD_STEP)
			*word_of(page, word) = pattern(seed, number + 1, page, word);
	}
}

/*
 * Forks `children` times; the number of the process that comes back from it. *deeper: it is a
 * child. Right after each fork the kernel writes into the parent's memory, and so does the parent:
 * the child must not see it.
 */
USER_CODE static uint32_t forks(uint32_t seed, uint32_t number, uint32_t children, bool *deeper)
{
	for (uint32_t i = 1; i <= children; i++) {
		volatile uint32_t child = 0;
		uint32_t sum = pages_check(seed);
		if (system_call(CALL_FORK, (uint32_t)&child) == 0) {
			if (child != 0 || pages_check(seed) != sum)
				system_call(CALL_FAIL, (uint32_t)&child);
			*deeper = true;
			return number * children + i;
		}
		pages_write(seed, number + i * 4096);
	}
	*deeper = false;
	return number;
}

USER_CODE __attribute__((regparm(3))) void cow_program(
	uint32_t seed, uint32_t generations, uint32_t children)
{
	uint32_t number = 0, generation = 0, sum;
	volatile uint32_t value;
	bool deeper;

	do {
		pages_write(seed, number);
		sum = pages_check(seed);
		deeper = false;
		if (generation < generations)
			number = forks(seed, number, children, &deeper);
		generation += deeper;
	} while (deeper);
	while (system_call(CALL_WAIT, (uint32_t)&value))
		sum += value;
	sum = mix(sum) + pages_check(seed);
	system_call(CALL_EXIT, sum);
}
