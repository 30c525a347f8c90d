/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code that is moved: copied elsewhere and run there, and overwritten by other code with every kind
 * of write. Each way of writing puts another sequence where one has just been run.
 */
#include "paging.h"
#include "selfmod.h"

#define PLACES 24u

static uint8_t source[JIT_BYTES], pages[3][PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t code[64] __attribute__((aligned(64)));

/* One function at many places, of which some are across the end of a page. */
static void places_run(void)
{
	uint32_t wanted, size = jit_emit(source, 12, &wanted), wrong = 0;

	for (uint32_t i = 0; i < PLACES; i++) {
		uint32_t at = i & 1 ? PAGE_SIZE - 1 - random_below(size)
				    : random_below(2 * PAGE_SIZE - JIT_BYTES);
		memcpy((uint8_t *)pages + at, source, size);
		wrong += code_call((uint8_t *)pages + at) != wanted;
	}
	result_check("one function at many places", wrong, 0);
}

/* Many functions in one page; then a byte of one is changed, and the others must stay. */
static void neighbours_run(void)
{
	uint32_t wrong = 0, numbers[PLACES];
	uint8_t *page = pages[2];

	for (uint32_t i = 0; i < PLACES; i++) {
		numbers[i] = random_below(SEQUENCES);
		sequence_write(page + i * 16, numbers[i]);
	}
	for (uint32_t round = 0; round < 8 * PLACES; round++) {
		uint32_t i = random_below(PLACES);
		if (random_below(3) == 0) {
			numbers[i] = 1 + random_below(SEQUENCES - 1);
			sequence_write(page + i * 16, numbers[i]);
		}
		if (numbers[i] != 0) /* NOPs leave EAX alone */
			wrong += code_call(page + i * 16) != sequence_get(numbers[i])->wanted;
	}
	result_check("neighbours in one page", wrong, 0);
}

/* ---- every way of writing ---- */

typedef void write(uint32_t *to, uint32_t value);

static void write_bytes(uint32_t *to, uint32_t value)
{
	for (uint32_t i = 0; i < 4; i++)
		((volatile uint8_t *)to)[i] = (uint8_t)(value >> 8 * i);
}

static void write_words(uint32_t *to, uint32_t value)
{
	((volatile uint16_t *)to)[1] = (uint16_t)(value >> 16);
	((volatile uint16_t *)to)[0] = (uint16_t)value;
}

static void write_xchg(uint32_t *to, uint32_t value)
{
	__asm__ volatile("xchgl %0, %1" : "+r"(value), "+m"(*to) : : "memory");
}

static void write_cmpxchg(uint32_t *to, uint32_t value)
{
	uint32_t old = *to;

	__asm__ volatile("lock cmpxchgl %2, %1"
			 : "+a"(old), "+m"(*to)
			 : "r"(value)
			 : "memory", "cc");
}

static void write_xor(uint32_t *to, uint32_t value)
{
	__asm__ volatile("xorl %1, %0" : "+m"(*to) : "r"(value ^ *to) : "memory", "cc");
}

static void write_bits(uint32_t *to, uint32_t value)
{
	for (uint32_t i = 0; i < 32; i++)
		if (value >> i & 1)
			__asm__ volatile("btsl %1, %0" : "+m"(*to) : "r"(i) : "memory", "cc");
		else
			__asm__ volatile("btrl %1, %0" : "+m"(*to) : "r"(i) : "memory", "cc");
}

static void write_pop(uint32_t *to, uint32_t value)
{
	__asm__ volatile("pushl %1\n\tpopl %0" : "=m"(*to) : "r"(value) : "memory");
}

/* The stack pointer points behind the code for one PUSH. IF is 0. */
static void write_push(uint32_t *to, uint32_t value)
{
	uint32_t kept;

	__asm__ volatile("movl %%esp, %0\n\tleal 4(%1), %%esp\n\tpushl %2\n\tmovl %0, %%esp"
			 : "=&r"(kept)
			 : "r"(to), "r"(value)
			 : "memory");
}

static void write_stos(uint32_t *to, uint32_t value)
{
	__asm__ volatile("stosl" : "+D"(to) : "a"(value) : "memory");
}

static void write_movs(uint32_t *to, uint32_t value)
{
	const uint32_t *from = &value;
	uint32_t count = 4;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

static void write_movs_down(uint32_t *to, uint32_t value)
{
	const uint8_t *from = (const uint8_t *)&value + 3;
	uint8_t *end = (uint8_t *)to + 3;
	uint32_t count = 4;

	__asm__ volatile("std\n\trep movsb\n\tcld"
			 : "+D"(end), "+S"(from), "+c"(count)
			 :
			 : "memory");
}

static void write_around(uint32_t *to, uint32_t value)
{
	uint32_t block[4] = {0x90909090, value, to[1], 0xcccccccc};
	const uint32_t *from = block;
	uint32_t *at = to - 1, count = 4;

	__asm__ volatile("rep movsl" : "+D"(at), "+S"(from), "+c"(count) : : "memory");
}

static void write_quad(uint32_t *to, uint32_t value)
{
	uint32_t low = to[0], high = to[1];

	__asm__ volatile("cmpxchg8b (%4)"
			 : "+a"(low), "+d"(high)
			 : "b"(value), "c"(high), "r"(to)
			 : "memory", "cc");
}

static void ways_run(void)
{
	static const struct {
		const char *name;
		write *function;
	} ways[] = {
		{"written by bytes", write_bytes},
		{"written by words", write_words},
		{"written by XCHG", write_xchg},
		{"written by LOCK CMPXCHG", write_cmpxchg},
		{"written by XOR", write_xor},
		{"written by BTS and BTR", write_bits},
		{"written by POP", write_pop},
		{"written by PUSH", write_push},
		{"written by STOS", write_stos},
		{"written by REP MOVS", write_movs},
		{"written by REP MOVS downwards", write_movs_down},
		{"written with its surroundings", write_around},
		{"written by CMPXCHG8B", write_quad},
	};
	uint8_t *at = code + 17; /* not aligned */

	for (uint32_t way = 0; way < sizeof(ways) / sizeof(ways[0]); way++) {
		uint32_t wrong = 0;
		sequence_write(at, 1);
		for (uint32_t i = 1; i < 3 * SEQUENCES; i++) {
			uint32_t number = 1 + i % (SEQUENCES - 1);
			ways[way].function((uint32_t *)at, sequence_get(number)->bytes);
			wrong += code_call(at) != sequence_get(number)->wanted;
		}
		result_check(ways[way].name, wrong, 0);
	}
}

void copies_run(void)
{
	places_run();
	neighbours_run();
	ways_run();
}
