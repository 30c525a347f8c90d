/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 2, randomised tests. The seed draws cases (traps_random.h) with random registers, flags,
 * control registers and memory. The guest scramble runs them on the bare machine and under the
 * submission, and what they leave must be the same.
 */
#include "decode.h"
#include "traps_random.h"

/* ---- guests/scramble/scramble.h ---- */

#define CASES      128
#define STACK_SIZE 8192

struct frame {
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint32_t vector, error_code, eip, cs, eflags, user_esp, user_ss;
};

struct scramble_case {
	struct frame frame;
	uint32_t fs, gs, cr0, cr2, cr4, dr[4];
};

/* ---- whole cases ---- */

struct scramble {
	struct guest *guest;
	struct scramble_case cases[CASES];
	uint8_t code[CASES][CODE_SIZE];
	uint8_t memory[CASES][MEMORY_SIZE];
	size_t length[CASES]; /* of the code */
};

static uint32_t random_eflags(bool nested_task)
{
	const uint32_t free_bits =
		EFLAGS_STATUS | EFLAGS_DF | EFLAGS_IF | EFLAGS_IOPL | EFLAGS_AC | EFLAGS_ID;
	uint32_t flags = (random_u32() & free_bits) | EFLAGS_FIXED;

	if (one_in(2))
		flags &= ~EFLAGS_IOPL;
	if (nested_task && one_in(8))
		flags |= EFLAGS_NT;
	if (one_in(24))
		flags |= EFLAGS_TF;
	return flags;
}

static void case_draw(struct scramble *s, uint32_t number, emitter *const *emitters, size_t count)
{
	struct scramble_case *c = &s->cases[number];
	uint32_t stack = guest_symbol(s->guest, "scramble_stack");
	uint32_t *words = (uint32_t *)&c->frame;
	emitter *subject = emitters[random_below((uint32_t)count)];
	bool user = one_in(3);

	for (int i = 0; i < 8; i++)
		words[i] = random_u32();
	for (size_t i = 0; i < MEMORY_SIZE; i++)
		s->memory[number][i] = (uint8_t)random_u32();
	c->frame.eip = guest_symbol(s->guest, "scramble_code") + number * CODE_SIZE;
	c->frame.cs = user ? USER_CS : KERNEL_CS;
	c->frame.eflags = random_eflags(subject != emit_return);
	c->frame.user_esp = stack + STACK_SIZE / 2 + random_below(STACK_SIZE / 4);
	c->frame.user_ss = USER_DS;
	c->fs = one_in(2) ? KERNEL_DS : DATA_BASE;
	c->gs = one_in(2) ? 0 : USER_DS;
	c->cr0 = CR0_PE | CR0_ET | (random_u32() & (CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_AM));
	c->cr2 = random_u32();
	c->cr4 = random_u32() & (CR4_TSD | CR4_DE);
	for (int i = 0; i < 4; i++)
		c->dr[i] = random_u32();

	struct assembly a = {
		.bytes = s->code[number],
		.address = c->frame.eip,
		.memory = guest_symbol(s->guest, "scramble_memory") + number * MEMORY_SIZE,
		.stack = c->frame.user_esp,
		.gdtr = guest_symbol(s->guest, "scramble_gdtr"),
		.idtr = guest_symbol(s->guest, "scramble_idtr"),
		.ring = user ? 3 : 0,
		.eflags = c->frame.eflags,
	};
	for (uint32_t i = random_below(4); i > 0; i--)
		emit_harmless(&a);
	subject(&a);
	for (uint32_t i = random_below(4); i > 0; i--)
		emit_harmless(&a);
	emit(&a, 2, 0xcd, PROBE_END);
	s->length[number] = a.length;
}

/* "case 7 with EFLAGS ... and", then its instructions. */
static const char *case_text(const struct scramble *s, uint32_t number)
{
	static char text[1536];
	const struct scramble_case *c = &s->cases[number];
	int length = snprintf(text, sizeof(text),
		"random case %u, with EFLAGS %08x, CR0 %08x, CR4 %08x:", number, c->frame.eflags,
		c->cr0, c->cr4);

	for (size_t at = 0; at < s->length[number] && (size_t)length < sizeof(text) - 96;) {
		struct insn insn;
		char instruction[INSN_TEXT_SIZE] = "(no instruction)";
		uint32_t eip = c->frame.eip + (uint32_t)at;
		enum decode_status status =
			insn_decode(&insn, s->code[number] + at, s->length[number] - at, 32);
		if (status == DECODE_OK)
			insn_format(&insn, eip, instruction, sizeof(instruction));
		length += snprintf(text + length, sizeof(text) - (size_t)length, "\n  %08x  %s",
			eip, instruction);
		at += status == DECODE_OK ? insn.length : 1;
	}
	snprintf(text + length, sizeof(text) - (size_t)length, "\n");
	return text;
}

static void case_compare(const struct scramble *s, const struct pair *pair, uint32_t number)
{
	struct outcome bare, got;
	uint8_t bare_memory[MEMORY_SIZE], memory[MEMORY_SIZE];
	const struct scramble_case *c = &s->cases[number];
	uint32_t outcome =
		guest_symbol(s->guest, "probe_outcomes") + number * (uint32_t)sizeof(bare);
	uint32_t address = guest_symbol(s->guest, "scramble_memory") + number * MEMORY_SIZE;

	memory_read(pair->bare, outcome, &bare, sizeof(bare));
	memory_read(pair->m, outcome, &got, sizeof(got));
	assert_same_outcome(case_text(s, number), c->frame.cs & 3, c->frame.eip, s->code[number],
		s->length[number], &bare, &got);
	memory_read(pair->bare, address, bare_memory, sizeof(bare_memory));
	memory_read(pair->m, address, memory, sizeof(memory));
	for (uint32_t i = 0; i < MEMORY_SIZE; i++)
		ck_assert_msg(memory[i] == bare_memory[i],
			"%sleaves %02x at %08x on the bare machine and %02x under this monitor",
			case_text(s, number), bare_memory[i], address + i, memory[i]);
}

static void run_random_cases(emitter *const *emitters, size_t count)
{
	static struct scramble s;

	s.guest = guest_open("scramble");
	for (uint32_t i = 0; i < CASES; i++)
		case_draw(&s, i, emitters, count);
	guest_write_u32(s.guest, "scramble_count", CASES);
	guest_write(s.guest, "scramble_cases", s.cases, sizeof(s.cases));
	guest_write(s.guest, "scramble_code", s.code, sizeof(s.code));
	guest_write(s.guest, "scramble_memory", s.memory, sizeof(s.memory));
	struct pair pair = pair_run(s.guest);
	uint32_t done = memory_read_u32(pair.m, guest_symbol(s.guest, "probes_done"));
	for (uint32_t i = 0; i < CASES; i++) {
		ck_assert_msg(i < done, "%swas the last: this monitor did not go beyond it",
			case_text(&s, i));
		case_compare(&s, &pair, i);
	}
}

#define RUN(emitters) run_random_cases(emitters, sizeof(emitters) / sizeof((emitters)[0]))

START_TEST(random_privileged_instructions_do_what_they_do_bare)
{
	static emitter *const emitters[] = {emit_control, emit_control, emit_debug, emit_status,
		emit_flag, emit_cache, emit_msr, emit_port, emit_port_string, emit_tables,
		emit_halt};

	RUN(emitters);
}
END_TEST

START_TEST(random_returns_and_segment_loads_do_what_they_do_bare)
{
	static emitter *const emitters[] = {
		emit_return, emit_return, emit_segment_load, emit_segment_load, emit_jump_far};

	RUN(emitters);
}
END_TEST

START_TEST(random_exceptions_arrive_as_they_do_bare)
{
	static emitter *const emitters[] = {
		emit_int, emit_exception, emit_exception, emit_flag, emit_segment_load};

	RUN(emitters);
}
END_TEST

const struct graded_test traps_random_tests[] = {
	{&random_privileged_instructions_do_what_they_do_bare, EQUIVALENCE, 2, "scramble"},
	{&random_returns_and_segment_loads_do_what_they_do_bare, EQUIVALENCE, 2, "scramble"},
	{&random_exceptions_arrive_as_they_do_bare, EQUIVALENCE, 2, "scramble"},
	{0},
};
