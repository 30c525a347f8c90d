/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 4, randomised tests of what is between two instructions. The guest jumble runs a random loop
 * that the timer interrupts (guests/jumble/loop.c). What an interrupt sees before an instruction is
 * what the bare machine has there, step by step; so is what each point of a patch block says.
 */
#include "patch_audit.h"
#include "patch_random.h"

#define BODY         512
#define PIECES       18
#define WANTED       400   /* interrupts under the monitor */
#define CLOCKS_NEVER 60000 /* so late that it does not come */
#define CLOCKS       130   /* of the 8254, from one interrupt to the next, at least */
#define CLOCKS_RANGE 200
#define COLD_ROUNDS  12  /* until all blocks are there */
#define STEPS        400 /* that are looked at then */
#define STEPS_A_LOOK 100

struct state {
	uint32_t registers[8], cs, eflags;
};

struct interrupted {
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
	const struct interrupted *got, const char *text)
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

/* What a point says of a state that it calls exact, and of the stack elsewhere. Real flags: not
 * those that the monitor keeps. */
static void point_compare(const struct bochs_registers *r, const struct expected *expected,
	const struct moment *moment, const char *text)
{
	const uint32_t flags = EFLAGS_STATUS | EFLAGS_DF | EFLAGS_AC | EFLAGS_ID;
	struct state want = expected->state,
		     got = {{r->edi, r->esi, r->ebp, r->esp + moment->pushed, r->ebx, r->edx,
				    r->ecx, r->eax},
			     want.cs, (want.eflags & ~flags) | (r->eflags & flags)};

	if (!moment->exact) /* the stack alone */
		for (int i = 0; i < 8; i++)
			got.registers[i] = i == 3 ? got.registers[i] : want.registers[i];
	if (!moment->exact)
		got.eflags = want.eflags;
	ck_assert_msg(memcmp(&want, &got, sizeof(got)) == 0,
		"the point of a patch block at EIP %08x says: before the instruction at %08x, %s, %u bytes pushed. The bare machine before that instruction: %s. What a guest would see here: %s. In%s",
		r->eip, moment->eip, moment->exact ? "exact" : "not exact", moment->pushed,
		state_text(&want), state_text(&got), text);
}

/* Some hot rounds, instruction by instruction: is it true what the blocks' points say? */
static void points_compare(const struct shaken *s, struct machine *m,
	const struct expected expected[BODY], const char *text)
{
	uint32_t body = guest_symbol(s->guest, "jumble_body"),
		 enter = monitor_symbol("world_enter");
	struct moment moment;

	for (int i = 0; i < COLD_ROUNDS; i++)
		run_until(m, body);
	for (int i = 0; i < STEPS; i++) {
		if (cpl(m) == 0)
			run_until(m, enter);
		while (cpl(m) == 0)
			step(m);
		if (i % STEPS_A_LOOK == 0 && !blocks_read(m))
			return;
		const struct bochs_registers *r = registers(m);
		if (block_moment(r->eip, &moment) && moment.eip - body < BODY &&
			expected[moment.eip - body].reached)
			point_compare(r, &expected[moment.eip - body], &moment, text);
		step(m);
	}
}

static void assert_shaken_alike(const char *words)
{
	static struct expected expected[BODY];
	static struct interrupted got[BODY];
	static struct shaken s;

	memset(&s, 0, sizeof(s));
	memset(expected, 0, sizeof(expected));
	s.guest = guest_open("jumble");
	body_draw(&s);
	const char *text = code_text(s.body, s.length, guest_symbol(s.guest, "jumble_body"));
	body_step(&s, expected);
	struct machine *m = shake(&s, false, words);
	points_compare(&s, m, expected, text);
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

const struct graded_test patch_interrupts_tests[] = {
	{&interrupts_come_between_instructions_of_the_guests, EQUIVALENCE, 4, "jumble"},
	{&interrupts_wait_for_the_flag_with_breakpoints_too, EQUIVALENCE, 2, "jumble"},
	{0},
};
