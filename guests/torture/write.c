/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An entry gets a new value. Kernels do that with whatever instruction is at hand: an entry's frame
 * may be mapped somewhere, and a bit, a byte or a word of it may be all that changes.
 */
#include "torture.h"

/* Chooses an instruction that makes `old` into `value`, and its registers. */
typedef bool write_form(struct access *a, uint32_t old, uint32_t value);

static bool with_eax(struct access *a, operation *operate, uint32_t eax)
{
	a->form = form_find(operate, 4);
	a->begin.eax = eax;
	return true;
}

static bool by_mov(struct access *a, uint32_t old, uint32_t value)
{
	(void)old;
	return with_eax(a, op_mov, value);
}

static bool by_xchg(struct access *a, uint32_t old, uint32_t value)
{
	(void)old;
	return with_eax(a, op_xchg, value);
}

static bool by_stos(struct access *a, uint32_t old, uint32_t value)
{
	(void)old;
	a->form = form_stosd();
	a->begin.eax = value;
	return true;
}

static bool by_xor(struct access *a, uint32_t old, uint32_t value)
{
	return with_eax(a, op_xor, old ^ value);
}

static bool by_add(struct access *a, uint32_t old, uint32_t value)
{
	return with_eax(a, op_add, value - old);
}

static bool by_sub(struct access *a, uint32_t old, uint32_t value)
{
	return with_eax(a, op_sub, old - value);
}

static bool by_xadd(struct access *a, uint32_t old, uint32_t value)
{
	return with_eax(a, op_xadd, value - old);
}

static bool by_cmpxchg(struct access *a, uint32_t old, uint32_t value)
{
	a->begin.edx = value;
	return with_eax(a, op_cmpxchg, old);
}

static bool by_or(struct access *a, uint32_t old, uint32_t value)
{
	return (old | value) == value && with_eax(a, op_or, value);
}

static bool by_and(struct access *a, uint32_t old, uint32_t value)
{
	return (old & value) == value && with_eax(a, op_and, value);
}

static bool by_bit(struct access *a, uint32_t old, uint32_t value)
{
	uint32_t changed = old ^ value;

	if (changed == 0 || (changed & (changed - 1)))
		return false;
	return with_eax(a, value & changed ? op_bts : op_btr, (uint32_t)__builtin_ctz(changed));
}

/* The one part of 1 or 2 bytes that changes. */
static bool by_part(struct access *a, uint32_t old, uint32_t value)
{
	uint32_t size = one_in(2) ? 1 : 2, mask = size == 1 ? 0xff : 0xffff;

	for (uint32_t at = 0; at < 4; at += size) {
		if ((old ^ value) & ~(mask << at * 8))
			continue;
		a->form = form_find(op_mov, size);
		a->begin.edi += at;
		a->begin.eax = value >> at * 8;
		return true;
	}
	return false;
}

static write_form *const ways[] = {by_mov, by_mov, by_xchg, by_stos, by_xor, by_add, by_sub,
	by_xadd, by_cmpxchg, by_or, by_and, by_bit, by_bit, by_part, by_part};

/* Where the kernel sees the entry: where a page happens to be mapped to it, or in its own 4 MiB. */
static uint32_t view_draw(uint32_t word)
{
	uint32_t linear = window_draw() + word % PAGE_SIZE;

	return one_in(3) || model_peek(linear, true, false) != word ? word : linear;
}

void entry_write(uint32_t word, uint32_t value)
{
	struct access access = {.ring = 0};
	bool chosen = false;

	access.begin.edi = view_draw(word);
	for (uint32_t tries = 0; tries < 4 && !chosen; tries++)
		chosen = ways[random_below(sizeof(ways) / sizeof(ways[0]))](
			&access, model_word(word), value);
	if (!chosen)
		by_mov(&access, model_word(word), value);
	access_do(&access);
}
