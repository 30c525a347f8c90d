/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor's own arithmetic on values that are somewhere else than the guest thinks: each
 * operation is performed by the instruction itself, so its flags are what they are, those that the
 * manual calls undefined among them.
 */
#ifndef ARITHMETIC_H
#define ARITHMETIC_H

#include "types.h"

/* The first eight in the order of their encoding (SDM volume 2, table A-6, group 1); the last four
 * too (group 8). */
enum arithmetic {
	ARITHMETIC_ADD,
	ARITHMETIC_OR,
	ARITHMETIC_ADC,
	ARITHMETIC_SBB,
	ARITHMETIC_AND,
	ARITHMETIC_SUB,
	ARITHMETIC_XOR,
	ARITHMETIC_CMP,
	ARITHMETIC_TEST,
	ARITHMETIC_INC,
	ARITHMETIC_DEC,
	ARITHMETIC_NOT,
	ARITHMETIC_NEG,
	ARITHMETIC_BT,
	ARITHMETIC_BTS,
	ARITHMETIC_BTR,
	ARITHMETIC_BTC,
};

/* CMP, TEST and BT are for their flags alone: the destination stays. */
static inline bool arithmetic_writes(enum arithmetic operation)
{
	return operation != ARITHMETIC_CMP && operation != ARITHMETIC_TEST &&
	       operation != ARITHMETIC_BT;
}

/* The destination after the operation on `size` bytes (1, 2 or 4; bit tests 2 or 4): its low `size`
 * bytes count. Updates the status flags in *eflags. A bit's number counts modulo the size. */
uint32_t arithmetic_perform(enum arithmetic operation, unsigned size, uint32_t destination,
	uint32_t source, uint32_t *eflags);

#endif
