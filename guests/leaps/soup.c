/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Soups: random code of sensitive and harmless instructions, entered at every byte. There is no
 * such thing as the right way to read a soup: it is another program from each byte on, and the
 * programs overlap.
 *
 * Invariant: no reading of a soup reaches memory but its stack, leaves it but at its end, or runs
 * for ever. So its alphabet has no operands in memory, no branches, and nothing that loads ESP.
 * Bytes that would be dangerous as the beginning of an instruction come behind so many NOPs that no
 * immediate can swallow all of them, and soups are not entered at these bytes.
 */
#include "leaps.h"
#include "random.h"

SEEDED uint32_t leaps_seed = 0x2545f491;
SEEDED uint32_t leaps_soup_count = 24;

struct leaps_soup leaps_soups[SOUPS * SOUP_BYTES];

#define UNIT_NOPS  4u /* an immediate's longest */
#define UNIT_MAX   3u
#define TAIL_NOPS  8u
#define SOUP_STACK 4096u /* half of it above ESP: PUSHA and POPA move it by 32 bytes */

static uint8_t code[SOUP_BYTES + TAIL_NOPS + 2] __attribute__((aligned(4096)));
static bool entry[SOUP_BYTES];
static uint32_t stack[SOUP_STACK / 4] __attribute__((aligned(4096)));

/* Each is an instruction from its first byte on, whatever follows. Some have immediates. */
static const uint8_t alphabet[] = {
	0x9c, 0x9c, 0x9c, 0x9d, 0x9d,                   /* PUSHF, POPF */
	0xfa, 0xfb, 0xfa, 0xfb,                         /* CLI, STI */
	0x66, 0x66, 0x67, 0x2e, 0x36, 0x3e, 0xf3, 0xf2, /* prefixes */
	0xf0, /* LOCK: #UD, for nothing here may have it */
	0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, /* PUSH */
	0x58, 0x59, 0x5a, 0x5b, 0x5d, 0x5e, 0x5f,       /* POP, but not ESP */
	0x60, 0x61,                                     /* PUSHA, POPA */
	0x40, 0x43, 0x48, 0x4a, 0x4d, 0x45, 0x27, 0x2f, /* INC, DEC, DAA, DAS */
	0x90, 0x91, 0x93, 0x96, 0x98, 0x99, 0x9e, 0x9f, /* XCHG, CWDE, CDQ, SAHF, LAHF */
	0xf5, 0xf8, 0xf9, 0xfc, 0xfd,                   /* CMC, CLC, STC, CLD, STD */
	0x04, 0x0c, 0x14, 0x24, 0x34, 0x3c, 0xa8,       /* with AL and an immediate */
	0x05, 0x0d, 0x15, 0x25, 0x35, 0x3d, 0xa9,       /* with EAX */
	0xb0, 0xb5, 0xb8, 0xb9, 0xba, 0xbf, 0x68, 0x6a, /* MOV, PUSH */
};

/* Behind NOPs. The sizes of the last are their first bytes. */
static const uint8_t units[][1 + UNIT_MAX] = {
	{3, 0x0e, 0x58, 0x98}, /* PUSH CS, POP EAX, CWDE: PUSH writes two bytes of the four */
	{3, 0x16, 0x58, 0x98}, /* PUSH SS */
	{2, 0x8c, 0xc8},       /* MOV EAX, CS */
	{2, 0x8c, 0xd2},       /* MOV EDX, SS */
	{3, 0x0f, 0x01, 0xe3}, /* SMSW EBX */
	{3, 0x0f, 0x00, 0xc8}, /* STR EAX */
	{3, 0x0f, 0x00, 0xc1}, /* SLDT ECX */
	{3, 0x0f, 0x02, 0xc7}, /* LAR EAX, EDI */
	{3, 0x0f, 0x03, 0xc7}, /* LSL EAX, EDI */
	{3, 0x0f, 0x00, 0xe7}, /* VERR DI */
	{2, 0xcd, COUNT_VECTOR},
	{1, 0xcc},
};

static void soup_cook(void)
{
	uint32_t at = 0;

	while (at < SOUP_BYTES) {
		const uint8_t *unit = units[random_below(sizeof(units) / sizeof(units[0]))];
		if (random_below(8) == 0 && at + UNIT_NOPS + unit[0] <= SOUP_BYTES) {
			for (uint32_t i = 0; i < UNIT_NOPS; i++, at++) {
				code[at] = 0x90;
				entry[at] = true;
			}
			for (uint32_t i = 0; i < unit[0]; i++, at++) {
				code[at] = unit[1 + i];
				entry[at] = i == 0;
			}
			continue;
		}
		code[at] = alphabet[random_below(sizeof(alphabet))];
		entry[at++] = true;
	}
	for (uint32_t i = 0; i < TAIL_NOPS; i++)
		code[at++] = 0x90;
	code[at++] = 0xcd; /* INT PROBE_END */
	code[at] = PROBE_END;
}

/* What the stack has before each entry: flags, which POPF may pop. */
static uint32_t filled[SOUP_STACK / 4];

static void stack_prepare(void)
{
	static const uint32_t flags[] = {
		0x202, 0x2d7, 0x000, 0x246, 0x3202, 0x893, 0x40202, 0x200602};

	for (uint32_t i = 0; i < SOUP_STACK / 4; i++)
		filled[i] = flags[i % 8];
}

/* It begins with ESP in the middle of the stack. */
static void soup_run(uint32_t at, struct leaps_soup *result)
{
	struct frame *frame = (struct frame *)((uint32_t)stack + SOUP_STACK / 2 -
					       offsetof(struct frame, user_esp));
	struct outcome outcome;

	memcpy(stack, filled, sizeof(filled));
	*frame = (struct frame){.edi = KERNEL_DS,
		.esi = 0x51515151,
		.ebp = 0xb9b9b9b9,
		.ebx = 0xb0b0b0b0,
		.edx = 0xd0d0d0d0,
		.ecx = 0xc0c0c0c0,
		.eax = leaps_seed,
		.eip = (uint32_t)code + at,
		.cs = KERNEL_CS,
		.eflags = EFLAGS_FIXED | (at & 1 ? EFLAGS_IF : 0)};
	probe_run(frame, &outcome);
	result->eip = outcome.eip - (uint32_t)code;
	result->vector = outcome.vector;
	result->eflags = outcome.eflags;
	result->sum = probe_sum(0, &outcome.registers, sizeof(outcome.registers));
	uint32_t used = outcome.frame & ~3u, end = (uint32_t)(stack + SOUP_STACK / 4);
	if (used >= (uint32_t)stack && used < end)
		result->sum = probe_sum(result->sum, (const void *)used, end - used);
}

void soups_run(void)
{
	stack_prepare();
	uint32_t runs = 0, sum = 0;

	random_seed(leaps_seed);
	for (uint32_t soup = 0; soup < SOUPS && soup < leaps_soup_count; soup++) {
		soup_cook();
		for (uint32_t at = 0; at < SOUP_BYTES; at++) {
			struct leaps_soup *result = &leaps_soups[soup * SOUP_BYTES + at];
			if (!entry[at])
				continue;
			soup_run(at, result);
			sum = probe_sum(sum, result, sizeof(*result));
			runs++;
		}
	}
	console_printf("soups: %u entries, %08x\n", runs, sum);
}
