/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One buffer that is data and code by turns: what a boot loader's memory, a heap, or a stack with
 * trampolines on it looks like. Nothing says when it stops being one and begins to be the other.
 */
#include "selfmod.h"

#define BUFFER_BYTES 64u

/* A page that holds the buffer and what the loop counts, so that writes to the counters are writes
 * to a page of code. */
static struct {
	uint32_t rounds, wrong;
	uint8_t buffer[BUFFER_BYTES];
	uint32_t sum;
} page __attribute__((aligned(4096)));

static uint32_t data_sum(void)
{
	const uint32_t *word = (const uint32_t *)page.buffer;
	uint32_t sum = 0;

	for (uint32_t i = 0; i < BUFFER_BYTES / 4; i++)
		sum = (sum << 1 | sum >> 31) ^ word[i];
	return sum;
}

/* Words in, their sum out: a machine that remembers what it knew as code shows it here. */
static void data_turn(void)
{
	volatile uint32_t *word = (volatile uint32_t *)page.buffer;
	uint32_t wanted = 0;

	for (uint32_t i = 0; i < BUFFER_BYTES / 4; i++) {
		uint32_t value = random_u32();
		word[i] = value;
		wanted = (wanted << 1 | wanted >> 31) ^ value;
	}
	page.wrong += data_sum() != wanted;
}

static void code_turn(void)
{
	uint32_t number = 1 + random_below(SEQUENCES - 1), at = random_below(BUFFER_BYTES - 6);

	sequence_write(page.buffer + at, number);
	uint32_t before = data_sum(), value = code_call(page.buffer + at);
	page.wrong += value != sequence_get(number)->wanted;
	page.wrong += data_sum() != before;
	page.sum = page.sum * 31 + value;
}

/* Code on the stack, as compilers once put there for nested functions. */
static void stack_turns(void)
{
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < 100; i++) {
		uint8_t code[8];
		uint32_t number = 1 + random_below(SEQUENCES - 1);
		sequence_write(code, number);
		wrong += code_call(code) != sequence_get(number)->wanted;
	}
	result_check("code on the stack", wrong, 0);
}

void turns_run(void)
{
	for (page.rounds = 0; page.rounds < selfmod_rounds; page.rounds++) {
		data_turn();
		code_turn();
		if (page.rounds % 8 == 0)
			code_turn();
	}
	result_check("data and code by turns", page.wrong, 0);
	result_note("data and code by turns: values", page.sum);
	stack_turns();
}
