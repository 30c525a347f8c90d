/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the data sheet (231468) says of a pair of 8259s, step by step: vpic.c's functions are called
 * from outside, without a guest. Here are the cases that a random script seldom comes to: two
 * inputs in service, masks under them, priorities that have rotated, ICW4's modes.
 */
#include "traps_script.h"
#include "traps_tests.h"

#define SINGLE       0x13 /* ICW1: no ICW3 */
#define SHORT        0x10 /* ICW1: no ICW4 */
#define ICW4_SFNM    0x10
#define THE_BASE     0x100 /* in a word: the chip's own vector base, with random low bits */
#define SLAVE_VECTOR 8     /* in a vector: the slave's */
#define STEPS_TEXT   2048

enum sheet_verb { NOTHING, UP, DOWN, WRITE, READ, PENDING, TAKE };

struct sheet_step {
	enum sheet_verb verb;
	uint16_t where; /* the line, or the port */
	uint16_t value; /* what is written; or what must come */
};

#define READ_SERVICE(chip, isr)                                                                    \
	{WRITE, chip, READ_ISR},                                                                   \
	{                                                                                          \
		READ, chip, isr                                                                    \
	}
#define EDGE(irq)                                                                                  \
	{DOWN, irq, 0},                                                                            \
	{                                                                                          \
		UP, irq, 0                                                                         \
	}
#define NO                                                                                         \
	{                                                                                          \
		PENDING, 0, 0                                                                      \
	}
#define YES                                                                                        \
	{                                                                                          \
		PENDING, 0, 1                                                                      \
	}
#define TAKES(input)                                                                               \
	{                                                                                          \
		TAKE, 0, input                                                                     \
	}
#define BOTH_WITH(master_icw4)                                                                     \
	{WRITE, MASTER, ICW1}, {WRITE, MASTER_DATA, THE_BASE}, {WRITE, MASTER_DATA, ICW3_MASTER},  \
		{WRITE, MASTER_DATA, master_icw4}, {WRITE, SLAVE, ICW1},                           \
		{WRITE, SLAVE_DATA, THE_BASE}, {WRITE, SLAVE_DATA, ICW3_SLAVE},                    \
	{                                                                                          \
		WRITE, SLAVE_DATA, ICW4                                                            \
	}

/* clang-format off */
static const struct {
	const char *name;
	struct sheet_step step[48];
} sheet[] = {
	{"an input in service holds back itself and the less urgent ones", {
		BOTH_WITH(ICW4), NO, {UP, 4, 0}, YES, TAKES(4), NO, {UP, 6, 0}, NO, EDGE(4), NO,
		{WRITE, MASTER, READ_IRR}, {READ, MASTER, 0x50}, {UP, 1, 0}, YES, TAKES(1),
		READ_SERVICE(MASTER, 0x12), NO}},
	{"an end of interrupt ends the most urgent one", {
		BOTH_WITH(ICW4), {UP, 5, 0}, TAKES(5), {UP, 3, 0}, TAKES(3), {UP, 0, 0}, TAKES(0),
		READ_SERVICE(MASTER, 0x29), {WRITE, MASTER, END}, {READ, MASTER, 0x28},
		{WRITE, MASTER, END}, {READ, MASTER, 0x20}, {WRITE, MASTER, END}, {READ, MASTER, 0}}},
	{"a specific end of interrupt ends the one that it names", {
		BOTH_WITH(ICW4), {UP, 5, 0}, TAKES(5), {UP, 3, 0}, TAKES(3),
		{WRITE, MASTER, END_SPECIFIC + 5}, READ_SERVICE(MASTER, 0x08),
		{WRITE, MASTER, END_SPECIFIC + 6}, {READ, MASTER, 0x08}}},
	{"one edge is one request", {
		BOTH_WITH(ICW4), {UP, 5, 0}, TAKES(5), {WRITE, MASTER, END}, NO, {UP, 5, 0}, NO,
		EDGE(5), YES, {DOWN, 5, 0}, NO}},
	{"a mask holds back requests, not what is in service", {
		BOTH_WITH(ICW4), {WRITE, MASTER_DATA, 0x01}, {UP, 0, 0}, NO, {UP, 3, 0}, TAKES(3),
		{WRITE, MASTER, END}, {WRITE, MASTER_DATA, 0}, TAKES(0), {WRITE, MASTER_DATA, 0x01},
		{UP, 6, 0}, NO, READ_SERVICE(MASTER, 0x01), {READ, MASTER_DATA, 0x01}}},
	{"in special mask mode a masked input in service holds back only itself", {
		BOTH_WITH(ICW4), {UP, 2 - 1, 0}, TAKES(1), {WRITE, MASTER_DATA, 0x02}, {UP, 6, 0}, NO,
		{WRITE, MASTER, SPECIAL_ON}, YES, TAKES(6), READ_SERVICE(MASTER, 0x42), EDGE(1), NO,
		{WRITE, MASTER, END_SPECIFIC + 6}, {WRITE, MASTER, SPECIAL_OFF}, {UP, 5, 0}, NO}},
	{"rotation makes the input that was served the lowest", {
		BOTH_WITH(ICW4), {UP, 4, 0}, TAKES(4), {WRITE, MASTER, ROTATE_END}, EDGE(4),
		{UP, 0, 0}, {UP, 5, 0}, TAKES(5), {UP, 6, 0}, NO, {WRITE, MASTER, ROTATE_THIS + 5},
		TAKES(6), {WRITE, MASTER, END}, TAKES(0), {WRITE, MASTER, END}, TAKES(4)}},
	{"the priorities can be set", {
		BOTH_WITH(ICW4), {WRITE, MASTER, PRIORITY + 5}, {UP, 5, 0}, {UP, 6, 0}, {UP, 0, 0},
		TAKES(6), NO, {UP, 7, 0}, NO, {WRITE, MASTER, END}, TAKES(7), {WRITE, MASTER, END},
		TAKES(0), {WRITE, MASTER, END}, TAKES(5), {UP, 1, 0}, YES}},
	{"with automatic end of interrupt nothing stays in service", {
		BOTH_WITH(ICW4 | ICW4_AEOI), {UP, 3, 0}, TAKES(3), READ_SERVICE(MASTER, 0), NO, EDGE(3),
		{UP, 4, 0}, TAKES(3), TAKES(4)}},
	{"with automatic end of interrupt the priorities rotate if they are told to", {
		BOTH_WITH(ICW4 | ICW4_AEOI), {WRITE, MASTER, AEOI_ROTATE}, {UP, 3, 0}, TAKES(3), EDGE(3),
		{UP, 4, 0}, TAKES(4), {WRITE, MASTER, AEOI_STRAIGHT}, TAKES(3), EDGE(3), EDGE(4),
		TAKES(3), TAKES(4)}},
	{"the slave's requests come through the master's input 2", {
		BOTH_WITH(ICW4), {UP, 12, 0}, YES, TAKES(SLAVE_VECTOR + 4), READ_SERVICE(MASTER, 0x04),
		READ_SERVICE(SLAVE, 0x10), {UP, 9, 0}, NO, {UP, 3, 0}, NO, {UP, 1, 0}, TAKES(1),
		{WRITE, MASTER, END}, {WRITE, SLAVE, END}, {READ, SLAVE, 0}, {READ, MASTER, 0x04}, NO,
		{WRITE, MASTER, END}, TAKES(SLAVE_VECTOR + 1), NO, {WRITE, SLAVE, END},
		{WRITE, MASTER, END}, TAKES(3)}},
	{"the slave's mask is its own", {
		BOTH_WITH(ICW4), {WRITE, SLAVE_DATA, 0x10}, {UP, 12, 0}, NO, {UP, 14, 0},
		TAKES(SLAVE_VECTOR + 6), {WRITE, SLAVE, END}, {WRITE, MASTER, END}, NO,
		{WRITE, SLAVE_DATA, 0}, {READ, MASTER_DATA, 0}, TAKES(SLAVE_VECTOR + 4)}},
	{"with special fully nested mode the slave may interrupt itself", {
		BOTH_WITH(ICW4 | ICW4_SFNM), {UP, 12, 0}, TAKES(SLAVE_VECTOR + 4), {UP, 14, 0}, NO,
		{UP, 9, 0}, YES, TAKES(SLAVE_VECTOR + 1), READ_SERVICE(SLAVE, 0x12), {UP, 5, 0}, NO}},
	{"ICW1 clears the mask and what is in service", {
		BOTH_WITH(ICW4), {WRITE, MASTER_DATA, 0x55}, {UP, 1, 0}, TAKES(1), {UP, 3, 0},
		{WRITE, MASTER, PRIORITY + 3}, BOTH_WITH(ICW4), {READ, MASTER_DATA, 0}, {READ, MASTER, 0},
		READ_SERVICE(MASTER, 0), NO, EDGE(3), EDGE(7), TAKES(3)}},
	{"ICW1 says which words follow", {
		{WRITE, MASTER, SINGLE}, {WRITE, MASTER_DATA, THE_BASE}, {WRITE, MASTER_DATA, ICW4},
		{WRITE, MASTER_DATA, 0x08}, {READ, MASTER_DATA, 0x08}, {WRITE, MASTER, SHORT},
		{WRITE, MASTER_DATA, THE_BASE}, {WRITE, MASTER_DATA, ICW3_MASTER},
		{WRITE, MASTER_DATA, 0x20}, {READ, MASTER_DATA, 0x20}, {UP, 3, 0}, TAKES(3)}},
};
/* clang-format on */

/* What was done so far, for people. */
static void step_say(char text[STEPS_TEXT], struct sheet_step step, uint32_t value)
{
	size_t length = strlen(text);

	if (step.verb == UP || step.verb == DOWN)
		snprintf(text + length, STEPS_TEXT - length, "\n  line %u goes %s", step.where,
			step.verb == UP ? "up" : "down");
	else if (step.verb == WRITE)
		snprintf(text + length, STEPS_TEXT - length, "\n  %02x to port %02x", value,
			step.where);
	else if (step.verb == READ)
		snprintf(text + length, STEPS_TEXT - length, "\n  port %02x reads %02x", step.where,
			value);
	else if (step.verb == PENDING)
		snprintf(text + length, STEPS_TEXT - length, "\n  vpic_pending(): %s",
			value ? "true" : "false");
	else
		snprintf(text + length, STEPS_TEXT - length, "\n  vpic_acknowledge(): vector %02x",
			value);
}

/* Returns what the submission answers. `value` is what is written. */
static uint32_t step_perform(
	struct machine *m, uint32_t vpic, struct sheet_step step, uint32_t value)
{
	switch (step.verb) {
	case UP:
	case DOWN:
		call(m, "vpic_line", (uint32_t[]){vpic, step.where, step.verb == UP}, 3);
		return value;
	case WRITE:
		call(m, "vpic_write", (uint32_t[]){vpic, step.where, value}, 3);
		return value;
	case READ:
		return call(m, "vpic_read", (uint32_t[]){vpic, step.where}, 2) & 0xff;
	case PENDING:
		return call(m, "vpic_pending", &vpic, 1) & 0xff;
	default:
		return call(m, "vpic_acknowledge", &vpic, 1) & 0xff;
	}
}

void assert_data_sheet(void)
{
	struct machine *m = boot(guest_open("hello"));
	uint32_t vpic = call_scratch(m), master = 0x20 + 8 * random_below(13),
		 slave = 0x88 + 8 * random_below(15);

	for (size_t i = 0; i < sizeof(sheet) / sizeof(sheet[0]); i++) {
		char text[STEPS_TEXT] = "";
		call(m, "vpic_reset", &vpic, 1);
		for (const struct sheet_step *step = sheet[i].step; step->verb != NOTHING; step++) {
			uint32_t value = step->value;
			if (step->verb == WRITE && value == THE_BASE)
				value = (step->where == MASTER_DATA ? master : slave) +
					random_below(8);
			if (step->verb == TAKE)
				value = value < SLAVE_VECTOR ? master + value
							     : slave + value - SLAVE_VECTOR;
			uint32_t got = step_perform(m, vpic, *step, value);
			step_say(text, *step, got);
			ck_assert_msg(got == value,
				"%s: by the data sheet the last of these is %02x%s", sheet[i].name,
				value, text);
		}
	}
	machine_end(m);
}
