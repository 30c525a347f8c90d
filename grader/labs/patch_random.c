/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 4, randomised tests. The seed draws programs of sensitive instructions (patch_random.h). The
 * guest jumble runs each of them several times, bare and under the submission: new, known, hot.
 */
#include "patch_random.h"

/* ---- guests/jumble/jumble.h ---- */

#define CASES      64
#define CASE_BYTES 192
#define ROUNDS_MAX 8
#define NOP        0x90

struct jumble_case {
	uint32_t registers[8], eflags, selector;
};

struct jumble_end {
	struct outcome outcome;
	uint32_t stack, memory;
};

struct jumble {
	struct guest *guest;
	struct jumble_case cases[CASES];
	uint8_t code[CASES][CASE_BYTES];
	size_t length[CASES];
};

/* ---- cases ---- */

static void draw_sensitive(struct assembly *a)
{
	static emitter *const emitters[] = {emit_flags, emit_flags, emit_flags, emit_segment_read,
		emit_segment_read, emit_segment_write, emit_tables_read, emit_selector_test,
		emit_far, emit_interrupt, emit_cpuid};

	emitters[random_below(sizeof(emitters) / sizeof(emitters[0]))](a);
}

/* mov dword [counter], times; then instructions; dec dword [counter]; jnz to them. The counter lies
 * where no other instruction writes. */
static void draw_loop(struct assembly *a, uint32_t counter)
{
	emit(a, 1, 0xc7);
	emit_address(a, 0, counter);
	emit_u32(a, 2 + random_below(4));
	size_t top = a->length;
	for (uint32_t i = 1 + random_below(2); i > 0; i--)
		draw_sensitive(a);
	emit_harmless(a);
	emit(a, 1, 0xff);
	emit_address(a, 1, counter);
	emit(a, 2, 0x0f, 0x85);
	emit_u32(a, (uint32_t)(top - a->length - 4));
}

static void case_draw(struct jumble *j, uint32_t number)
{
	struct jumble_case *c = &j->cases[number];
	struct assembly a = {
		.bytes = j->code[number],
		.address = guest_symbol(j->guest, "jumble_code") + number * CASE_BYTES,
		.memory = guest_symbol(j->guest, "jumble_memory") + number * MEMORY_SIZE,
	};

	for (int i = 0; i < 8; i++)
		c->registers[i] = random_u32();
	c->eflags = random_u32() & (EFLAGS_STATUS | EFLAGS_DF | EFLAGS_IF | EFLAGS_AC | EFLAGS_ID);
	if (one_in(6))
		c->eflags |= random_u32() & EFLAGS_IOPL;
	c->selector = one_in(2) ? KERNEL_DS : JUMBLE_DATA;
	for (uint32_t i = random_below(3); i > 0; i--)
		emit_harmless(&a);
	draw_sensitive(&a);
	if (one_in(3))
		draw_loop(
			&a, guest_symbol(j->guest, "jumble_counters") + number * sizeof(uint32_t));
	else
		draw_sensitive(&a);
	for (uint32_t i = random_below(3); i > 0; i--)
		emit_harmless(&a);
	emit(&a, 2, 0xcd, PROBE_END);
	j->length[number] = a.length;
}

const char *code_text(const uint8_t *code, size_t length, uint32_t address)
{
	static char text[2048];
	int written = 0;

	text[0] = '\0';
	for (size_t at = 0; at < length && (size_t)written < sizeof(text) - 96;) {
		char instruction[INSN_TEXT_SIZE] = "(no instruction)";
		struct insn insn;
		enum decode_status status = insn_decode(&insn, code + at, length - at, 32);
		if (status == DECODE_OK)
			insn_format(
				&insn, address + (uint32_t)at, instruction, sizeof(instruction));
		written += snprintf(text + written, sizeof(text) - (size_t)written, "\n  %08x  %s",
			address + (uint32_t)at, instruction);
		at += status == DECODE_OK ? insn.length : 1;
	}
	return text;
}

static void case_compare(const struct jumble *j, uint32_t round, uint32_t number,
	const struct jumble_end *bare, const struct jumble_end *got)
{
	char name[2400];
	uint32_t address = guest_symbol(j->guest, "jumble_code") + number * CASE_BYTES;

	snprintf(name, sizeof(name), "random case %u, run for time %u, with EFLAGS %08x:%s\n",
		number, round + 1, j->cases[number].eflags,
		code_text(j->code[number], j->length[number], address));
	assert_same_outcome(name, 0, address, j->code[number], j->length[number], &bare->outcome,
		&got->outcome);
	ck_assert_msg(
		bare->stack == got->stack, "%sleaves another stack than on the bare machine", name);
	ck_assert_msg(bare->memory == got->memory, "%sleaves other memory than on the bare machine",
		name);
}

static void assert_cases_are_alike(uint32_t rounds, const char *words)
{
	static struct jumble j;
	static struct jumble_end bare[ROUNDS_MAX][CASES], got[ROUNDS_MAX][CASES];

	j.guest = guest_open("jumble");
	jumble_far = guest_symbol(j.guest, "jumble_far");
	memset(j.code, NOP,
		sizeof(j.code)); /* what a scan finds behind a case ends where the next begins */
	for (uint32_t i = 0; i < CASES; i++)
		case_draw(&j, i);
	guest_write_u32(j.guest, "jumble_count", CASES);
	guest_write_u32(j.guest, "jumble_rounds", rounds);
	guest_write(j.guest, "jumble_cases", j.cases, sizeof(j.cases));
	guest_write(j.guest, "jumble_code", j.code, sizeof(j.code));
	struct twins twins = twins_run_to(j.guest, words, "loop_run");
	uint32_t done = twin_read_u32(&twins, false, "jumble_done");
	twin_read(&twins, true, "jumble_ends", bare, sizeof(bare));
	twin_read(&twins, false, "jumble_ends", got, sizeof(got));
	for (uint32_t i = 0; i < rounds * CASES; i++) {
		uint32_t round = i / CASES, number = i % CASES;
		ck_assert_msg(i < done,
			"random case %u:%s\nwas the last: this monitor did not go beyond it",
			number,
			code_text(j.code[number], j.length[number],
				guest_symbol(j.guest, "jumble_code") + number * CASE_BYTES));
		case_compare(&j, round, number, &bare[round][number], &got[round][number]);
	}
	machine_end(twins.bare);
	machine_end(twins.m);
}

START_TEST(random_sensitive_programs_do_what_they_do_bare)
{
	hint("`patch=0` on the guest's command line tells whether a block or a breakpoint is wrong.");
	for (int i = 0; i < 3; i++)
		assert_cases_are_alike(7, "mem=4");
}
END_TEST

START_TEST(breakpoints_alone_do_it_too)
{
	hint("With patch=0 patch_hit() is never called: only scan() and breakpoint_set() have a part in it.");
	for (int i = 0; i < 2; i++)
		assert_cases_are_alike(2, "mem=4 patch=0");
}
END_TEST

const struct graded_test patch_random_tests[] = {
	{&random_sensitive_programs_do_what_they_do_bare, EQUIVALENCE, 4, "jumble"},
	{&breakpoints_alone_do_it_too, EQUIVALENCE, 1, "jumble"},
	{0},
};
