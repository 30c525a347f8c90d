/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that computes: about ten million instructions of which none is privileged. Under a
 * monitor they run directly, at the speed of the bare machine: between compute_begin and
 * compute_end (run.asm) there is nothing for a monitor to do.
 *
 * Three kinds of work, so that branches, memory and multiplication all take part: a sieve, a
 * product of matrices, a hash. Each round feeds the next.
 */
#include "guest.h"

#define SIEVE_SIZE  4096u
#define MATRIX_SIZE 16u

SEEDED uint32_t compute_seed = 1;
SEEDED uint32_t compute_rounds = 100; /* about 100,000 instructions each */
volatile uint32_t compute_result;

uint32_t compute_work(uint32_t seed, uint32_t rounds);
uint32_t compute_run(uint32_t seed, uint32_t rounds); /* run.asm: calls compute_work() */

/* Fowler, Noll and Vo's hash, one 32-bit word at a time. */
static uint32_t hash(uint32_t state, uint32_t word)
{
	return (state ^ word) * 16777619u;
}

/* A hash of the primes below SIEVE_SIZE that do not divide `seed`. */
static uint32_t sieve(uint32_t seed)
{
	static uint8_t composite[SIEVE_SIZE];
	uint32_t state = seed;

	memset(composite, 0, sizeof(composite));
	for (uint32_t n = 2; n < SIEVE_SIZE; n++) {
		if (composite[n])
			continue;
		for (uint32_t multiple = n * n; multiple < SIEVE_SIZE; multiple += n)
			composite[multiple] = 1;
		if (seed % n)
			state = hash(state, n);
	}
	return state;
}

/* A hash of the square of a matrix that `seed` fills. */
static uint32_t matrix(uint32_t seed)
{
	static uint32_t m[MATRIX_SIZE][MATRIX_SIZE];
	uint32_t state = seed;

	for (uint32_t i = 0; i < MATRIX_SIZE * MATRIX_SIZE; i++)
		m[i / MATRIX_SIZE][i % MATRIX_SIZE] = seed = seed * 1664525u + 1013904223u;
	for (uint32_t row = 0; row < MATRIX_SIZE; row++) {
		for (uint32_t column = 0; column < MATRIX_SIZE; column++) {
			uint32_t sum = 0;
			for (uint32_t i = 0; i < MATRIX_SIZE; i++)
				sum += m[row][i] * m[i][column];
			state = hash(state, sum);
		}
	}
	return state;
}

uint32_t compute_work(uint32_t seed, uint32_t rounds)
{
	uint32_t state = seed;

	while (rounds--)
		state = hash(sieve(state), matrix(state));
	return state;
}

void kernel_main(uint32_t info)
{
	(void)info;
	compute_result = compute_run(compute_seed, compute_rounds);
	console_printf("computed %08x\n", compute_result);
}
