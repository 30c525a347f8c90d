/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions are rewritten near where the code runs (lines.asm). */
#include "selfmod.h"

typedef uint32_t line(uint32_t argument);

line line_ahead, line_far_ahead, line_next_page, line_behind, line_straddling;
line line_immediate, line_mask, line_counts_up, line_toggles, line_string;
extern uint8_t line_site[];
#define SITE_BYTES 16u

#define NOP 0x90u

/* PUSH of a segment register writes two bytes of the four that it takes, on processors from the
 * P6 on: CWDE cuts off what was there before (SDM volume 2, PUSH). */
static const struct sequence sequences[SEQUENCES] = {
	{"NOPs", 0x90909090, 0},
	{"PUSHF", 0x9090589c, EFLAGS_IF | EFLAGS_FIXED},
	{"CLI, PUSHF", 0x90589cfa, EFLAGS_FIXED},
	{"MOV EAX, CS", 0x9090c88c, KERNEL_CS},
	{"MOV EAX, SS", 0x9090d08c, KERNEL_DS},
	{"PUSH CS", 0x9098580e, KERNEL_CS},
	{"PUSH SS", 0x90985816, KERNEL_DS},
	{"STR EAX", 0x90c8000f, KERNEL_TSS},
	{"STC, PUSHF", 0x90589cf9, EFLAGS_IF | EFLAGS_FIXED | EFLAGS_CF},
	{"STI, CLI, PUSHF", 0x589cfafb, EFLAGS_FIXED},
};

const struct sequence *sequence_get(uint32_t number)
{
	return &sequences[number % SEQUENCES];
}

void sequence_write(uint8_t *code, uint32_t number)
{
	*(uint32_t *)code = sequence_get(number)->bytes;
	code[4] = 0xfa; /* CLI */
	code[5] = 0xc3; /* RET */
}

static void sites_run(void)
{
	static const struct {
		const char *name;
		line *function;
	} places[] = {
		{"ahead", line_ahead},
		{"far ahead", line_far_ahead},
		{"behind", line_behind},
		{"in the next page", line_next_page},
		{"across two pages", line_straddling},
	};
	char name[40];

	for (uint32_t place = 0; place < sizeof(places) / sizeof(places[0]); place++)
		for (uint32_t i = 1; i < SEQUENCES; i++) {
			text_printf(name, sizeof(name), "%s: %s", places[place].name,
				sequences[i].name);
			result_check(name, places[place].function(sequences[i].bytes),
				sequences[i].wanted);
		}
}

static void operands_run(void)
{
	uint32_t value = 0, wanted = 0, rounds = selfmod_rounds;

	for (uint32_t i = 0; i < 64; i++) {
		uint32_t operand = random_u32();
		value += line_immediate(operand);
		wanted += operand + KERNEL_CS;
	}
	result_check("immediates", value, wanted);
	value = wanted = 0;
	for (uint32_t i = 0; i < 64; i++) {
		uint32_t operand = random_u32();
		value += line_mask(operand);
		wanted += (operand & (EFLAGS_IF | EFLAGS_FIXED)) + KERNEL_DS;
	}
	result_check("masks between PUSHF and PUSH SS", value, wanted);
	result_check(
		"counts in its own operand", line_counts_up(rounds), rounds * (rounds + 1) / 2);
	/* each call ends with what it began with, or with the other, and the next goes on from
	 * there */
	result_check("CLI and STI by turns", line_toggles(2 * rounds), rounds * EFLAGS_IF);
	result_check("REP STOSB of CLI", line_string(0xfa), EFLAGS_FIXED);
	result_check("REP STOSB of STI", line_string(0xfb), EFLAGS_FIXED | EFLAGS_IF);
	result_check("REP STOSB of NOP", line_string(NOP), EFLAGS_FIXED | EFLAGS_IF);
	result_check("REP STOSB of STC", line_string(0xf9), EFLAGS_FIXED | EFLAGS_IF | EFLAGS_CF);
}

/* One byte of a run changes at a time, at a random place, and the model knows what the run does. */
static void bytes_run(void)
{
	static const uint8_t opcodes[] = {NOP, 0xfa, 0xfb, 0xf8, 0xf9, 0xfc, 0xfd, 0xf5};
	uint32_t wrong = 0, sum = 0;

	for (uint32_t round = 0; round < selfmod_rounds; round++) {
		uint32_t wanted = EFLAGS_FIXED | EFLAGS_IF;
		line_site[random_below(SITE_BYTES)] = opcodes[random_below(sizeof(opcodes))];
		for (uint32_t i = 0; i < SITE_BYTES; i++)
			switch (line_site[i]) {
			case 0xfa:
				wanted &= ~EFLAGS_IF;
				break;
			case 0xfb:
				wanted |= EFLAGS_IF;
				break;
			case 0xf8:
				wanted &= ~EFLAGS_CF;
				break;
			case 0xf9:
				wanted |= EFLAGS_CF;
				break;
			case 0xfc:
				wanted &= ~EFLAGS_DF;
				break;
			case 0xfd:
				wanted |= EFLAGS_DF;
				break;
			case 0xf5:
				wanted ^= EFLAGS_CF;
				break;
			}
		uint32_t value = code_call(line_site);
		wrong += value != wanted;
		sum = sum * 31 + value;
	}
	result_check("one byte of a run at a time", wrong, 0);
	result_note("one byte of a run: the flags", sum);
}

void lines_run(void)
{
	sites_run();
	operands_run();
	bytes_run();
}
