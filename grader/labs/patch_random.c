/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 4, randomised tests. The seed draws programs of sensitive instructions (patch_random.h). The
 * guest jumble runs each of them several times, bare and under the submission: new, known, hot.
 * Then it runs a loop of them that the timer interrupts.
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

static const char *code_text(const uint8_t *code, size_t length, uint32_t address)
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

/* ---- the loop that is interrupted ---- */

#define BODY         512
#define PIECES       18
#define WANTED       400   /* interrupts under the monitor */
#define CLOCKS_NEVER 60000 /* so late that it does not come */
#define CLOCKS       130   /* of the 8254, from one interrupt to the next, at least */
#define CLOCKS_RANGE 200

struct state {
	uint32_t registers[8], cs, eflags;
};

struct seen {
	uint32_t count, differed;
	struct state first, other;
};

struct shaken {
	struct guest *guest;
	uint8_t body[BODY];
	size_t length;
	bool start[BODY]; /* an instruction begins there */
};

/* The pieces, a JMP to jumble_back, and the places where instructions begin. */
static void body_draw(struct shaken *s)
{
	uint32_t address = guest_symbol(s->guest, "jumble_body");

	memset(s->body, 0xf4, sizeof(s->body));
	for (int i = 0; i < PIECES; i++) {
		struct assembly a = {
			.bytes = s->body + s->length, .address = address + (uint32_t)s->length};
		emit_repeatable(&a);
		s->length += a.length;
	}
	uint32_t distance =
		guest_symbol(s->guest, "jumble_back") - (address + (uint32_t)s->length + 5);
	s->body[s->length] = 0xe9;
	memcpy(s->body + s->length + 1, &distance, sizeof(distance));
	s->length += 5;
	for (size_t at = 0; at < s->length;) {
		struct insn insn;
		if (insn_decode(&insn, s->body + at, s->length - at, 32) != DECODE_OK)
			infrastructure_error("a random loop does not decode");
		s->start[at] = true;
		at += insn.length;
	}
}

static struct machine *shake(struct shaken *s, bool bare, const char *words)
{
	const struct boot_guest with_words = {s->guest, words};

	guest_write(s->guest, "jumble_body", s->body, sizeof(s->body));
	guest_write_u32(s->guest, "jumble_wanted", WANTED);
	guest_write_u32(s->guest, "jumble_clocks", bare ? CLOCKS_NEVER : CLOCKS);
	guest_write_u32(s->guest, "jumble_clocks_range", CLOCKS_RANGE);
	guest_write_u32(s->guest, "jumble_seed", random_u32());
	return bare ? boot_bare_with(&with_words) : boot_several(&with_words, 1);
}

/* What an interrupt before an instruction would find: the bare machine, step by step. */
struct expected {
	bool reached, open; /* open: an interrupt may come */
	struct state state;
};

static void body_step(struct shaken *s, struct expected expected[BODY])
{
	uint32_t body = guest_symbol(s->guest, "jumble_body"), behind_sti = 0;
	struct machine *m = shake(s, true, "");

	run_until(m, body);
	for (;;) {
		const struct bochs_registers *r = registers(m);
		uint32_t at = r->eip - body;
		if (r->eip == guest_symbol(s->guest, "jumble_back"))
			break;
		if (at < BODY) {
			expected[at] = (struct expected){
				.reached = true,
				.open = r->eflags & EFLAGS_IF && r->eip != behind_sti,
				.state = {{r->edi, r->esi, r->ebp, r->esp, r->ebx, r->edx, r->ecx,
						  r->eax},
					r->cs.selector, r->eflags},
			};
			if (s->body[at] == 0xfb && !(r->eflags & EFLAGS_IF))
				behind_sti = r->eip + 1;
		}
		step(m);
	}
	machine_end(m);
}

/* "CS 8, EFLAGS 00000246, EDI ..." */
static const char *state_text(const struct state *state)
{
	static char text[2][256];
	static int turn;
	const uint32_t *r = state->registers;

	snprintf(text[turn ^= 1], sizeof(text[0]),
		"CS %x, EFLAGS %08x, ESP %08x, EAX %08x, ECX %08x, EDX %08x, EBX %08x, EBP %08x, ESI %08x, EDI %08x",
		state->cs, state->eflags, r[3], r[7], r[6], r[5], r[4], r[2], r[1], r[0]);
	return text[turn];
}

static void seen_compare(const struct shaken *s, uint32_t at, const struct expected *expected,
	const struct seen *got, const char *text)
{
	uint32_t address = guest_symbol(s->guest, "jumble_body") + at;

	if (!got->count)
		return;
	ck_assert_msg(expected->reached,
		"an interrupt came at %08x, where the guest never comes, in%s", address, text);
	ck_assert_msg(expected->open,
		"%u interrupts came before %08x, where IF is 0 or has just been set by STI, in%s",
		got->count, address, text);
	ck_assert_msg(got->differed == 0,
		"%u of %u interrupts before %08x saw another state than the first, in%s\nthe first: %s\nanother: %s",
		got->differed, got->count, address, text, state_text(&got->first),
		state_text(&got->other));
	ck_assert_msg(memcmp(&expected->state, &got->first, sizeof(got->first)) == 0,
		"an interrupt before %08x finds another state than on the bare machine, in%s\nbare: %s\nunder this monitor: %s",
		address, text, state_text(&expected->state), state_text(&got->first));
}

static void assert_shaken_alike(const char *words)
{
	static struct expected expected[BODY];
	static struct seen got[BODY];
	static struct shaken s;

	memset(&s, 0, sizeof(s));
	memset(expected, 0, sizeof(expected));
	s.guest = guest_open("jumble");
	body_draw(&s);
	const char *text = code_text(s.body, s.length, guest_symbol(s.guest, "jumble_body"));
	body_step(&s, expected);
	struct machine *m = shake(&s, false, words);
	run_until(m, guest_symbol(s.guest, "guest_done"));
	physical_read(m, false, guest_symbol(s.guest, "jumble_seen"), got, sizeof(got));
	uint32_t taken = memory_read_u32(m, guest_symbol(s.guest, "jumble_taken")),
		 closed = memory_read_u32(m, guest_symbol(s.guest, "jumble_closed")),
		 outside = memory_read_u32(m, guest_symbol(s.guest, "jumble_outside"));
	ck_assert_msg(
		closed == 0, "%u of %u interrupts came with IF = 0, in%s", closed, taken, text);
	ck_assert_msg(outside == 0,
		"%u of %u interrupts came at an EIP that is none of the loop's, in%s", outside,
		taken, text);
	for (uint32_t at = 0; at < BODY; at++)
		if (s.start[at] || got[at].count)
			seen_compare(&s, at, &expected[at], &got[at], text);
	ck_assert_msg(taken >= WANTED, "after %u interrupts one is lost, in%s", taken, text);
	machine_end(m);
}

START_TEST(interrupts_come_between_instructions_of_the_guests)
{
	hint("Between two instructions of a block that stand for one of the guest's nothing may come in: `exact` of the point, `pushed`, and for IRET `undo_if`.");
	for (int i = 0; i < 4; i++)
		assert_shaken_alike("mem=4");
}
END_TEST

START_TEST(interrupts_wait_for_the_flag_with_breakpoints_too)
{
	hint("STI holds interrupts off for one more instruction; POPF and IRET do not.");
	for (int i = 0; i < 2; i++)
		assert_shaken_alike("mem=4 patch=0");
}
END_TEST

const struct graded_test patch_random_tests[] = {
	{&random_sensitive_programs_do_what_they_do_bare, EQUIVALENCE, 4, "jumble"},
	{&breakpoints_alone_do_it_too, EQUIVALENCE, 1, "jumble"},
	{&interrupts_come_between_instructions_of_the_guests, EQUIVALENCE, 4, "jumble"},
	{&interrupts_wait_for_the_flag_with_breakpoints_too, EQUIVALENCE, 2, "jumble"},
	{0},
};
