/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arithmetic by the processor itself: arithmetic.h has the idea.
 *
 * The flags travel in EAX: SAHF takes five of them from AH and LAHF puts them there. OF is not
 * among them. It is in AL as 0 or 1: 7Fh + 1 overflows, and SETO reads it back.
 *
 * Read: Intel SDM volume 2, SAHF, LAHF, SETcc; volume 1, 3.4.3.1, the status flags.
 */
#include "arithmetic.h"
#include "x86.h"

#define EFLAGS_IN_AH (EFLAGS_SF | EFLAGS_ZF | EFLAGS_AF | EFLAGS_PF | EFLAGS_CF)

#define RUN(instruction)                                                                           \
	__asm__("addb $0x7f, %%al\n\tsahf\n\t" instruction "\n\tlahf\n\tseto %%al"                 \
		: "+&a"(flags), "+q"(value)                                                        \
		: "q"(source)                                                                      \
		: "cc")

/* The three sizes of one operation: with a source, or without. */
#define BINARY(name)                                                                               \
	do {                                                                                       \
		if (size == 4)                                                                     \
			RUN(name "l %k2, %k1");                                                    \
		else if (size == 2)                                                                \
			RUN(name "w %w2, %w1");                                                    \
		else                                                                               \
			RUN(name "b %b2, %b1");                                                    \
	} while (0)
#define UNARY(name)                                                                                \
	do {                                                                                       \
		if (size == 4)                                                                     \
			RUN(name "l %k1");                                                         \
		else if (size == 2)                                                                \
			RUN(name "w %w1");                                                         \
		else                                                                               \
			RUN(name "b %b1");                                                         \
	} while (0)
#define BIT(name)                                                                                  \
	do {                                                                                       \
		if (size == 4)                                                                     \
			RUN(name "l %k2, %k1");                                                    \
		else                                                                               \
			RUN(name "w %w2, %w1");                                                    \
	} while (0)

uint32_t arithmetic_perform(enum arithmetic operation, unsigned size, uint32_t destination,
	uint32_t source, uint32_t *eflags)
{
	uint32_t value = destination;
	uint32_t flags = (*eflags & EFLAGS_IN_AH) << 8 | (*eflags & EFLAGS_OF ? 1 : 0);

	switch (operation) {
	case ARITHMETIC_ADD:
		BINARY("add");
		break;
	case ARITHMETIC_OR:
		BINARY("or");
		break;
	case ARITHMETIC_ADC:
		BINARY("adc");
		break;
	case ARITHMETIC_SBB:
		BINARY("sbb");
		break;
	case ARITHMETIC_AND:
		BINARY("and");
		break;
	case ARITHMETIC_SUB:
		BINARY("sub");
		break;
	case ARITHMETIC_XOR:
		BINARY("xor");
		break;
	case ARITHMETIC_CMP:
		BINARY("cmp");
		break;
	case ARITHMETIC_TEST:
		BINARY("test");
		break;
	case ARITHMETIC_INC:
		UNARY("inc");
		break;
	case ARITHMETIC_DEC:
		UNARY("dec");
		break;
	case ARITHMETIC_NOT:
		UNARY("not");
		break;
	case ARITHMETIC_NEG:
		UNARY("neg");
		break;
	case ARITHMETIC_BT:
		BIT("bt");
		break;
	case ARITHMETIC_BTS:
		BIT("bts");
		break;
	case ARITHMETIC_BTR:
		BIT("btr");
		break;
	case ARITHMETIC_BTC:
		BIT("btc");
		break;
	}
	*eflags = (*eflags & ~EFLAGS_STATUS) | (flags >> 8 & EFLAGS_IN_AH) |
		  (flags & 1 ? EFLAGS_OF : 0);
	return value;
}
