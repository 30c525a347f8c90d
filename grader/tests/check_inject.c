/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inject.c of the reference, with the chassis around it and a machine of variables (grader/fuzz).
 * What is expected comes from the SDM, volume 3A: tables 6-1 and 6-5, sections 6.10 to 6.15, 5.8.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "machine.h"

#define VECTOR 0x50 /* of most events here */
#define USER   1    /* which of the guest's rings */

static void setup(void)
{
	guest_make();
}

static void begin(unsigned user)
{
	guest_make();
	if (user)
		guest_enter_user();
	vcpu->registers.eip = 0x8765;
}

static enum verdict inject(enum event_kind kind, unsigned vector, uint32_t error_code)
{
	return vcpu_inject(vcpu, (struct event){.kind = kind,
					 .vector = (uint8_t)vector,
					 .error_code = error_code,
					 .return_eip = 0x8123});
}

/* Which handler it is in: each vector's is 4 bytes behind the last one's; -1: in none. */
static int handler(void)
{
	uint32_t offset = vcpu->registers.eip - HANDLER_AT;

	return offset % 4 == 0 && offset / 4 < VECTORS ? (int)(offset / 4) : -1;
}

static uint32_t stacked(unsigned index)
{
	return guest_read32(vcpu->registers.esp + index * 4);
}

/* The handler of `vector` runs, and finds that error code. */
static void arrived(const char *what, int vector, uint32_t error_code)
{
	ck_assert_msg(vm->state == VM_READY, "%s: %s", what, host.log);
	ck_assert_msg(handler() == vector, "%s: handler %d, not %d", what, handler(), vector);
	ck_assert_msg(stacked(0) == error_code, "%s: error code %x, not %x", what, stacked(0),
		error_code);
}

/* ---- which exceptions have error codes: table 6-1 ---- */

START_TEST(only_seven_exceptions_have_an_error_code)
{
	static const bool has[32] = {[8] = true,
		[10] = true,
		[11] = true,
		[12] = true,
		[13] = true,
		[14] = true,
		[17] = true};

	for (unsigned vector = 0; vector < VECTORS; vector++) {
		struct event event = {.kind = EVENT_EXCEPTION, .vector = (uint8_t)vector};
		ck_assert_uint_eq(event_has_error_code(event), vector < 32 && has[vector]);
		event.kind = EVENT_SOFTWARE;
		ck_assert(!event_has_error_code(event));
		event.kind = EVENT_EXTERNAL;
		ck_assert(!event_has_error_code(event));
	}
}
END_TEST

/* ---- frames: figure 6-4 ---- */

START_TEST(a_frame_in_the_same_ring)
{
	static const enum event_kind kinds[] = {EVENT_EXCEPTION, EVENT_SOFTWARE, EVENT_EXTERNAL};
	bool error = kinds[_i] == EVENT_EXCEPTION;

	begin(!USER);
	vcpu->virtual_if = true;
	vcpu->virtual_iopl = 2;
	vcpu->registers.eflags |= EFLAGS_CF | EFLAGS_DF;
	ck_assert_int_eq(inject(kinds[_i], error ? VECTOR_GP : VECTOR, 0x1234), VERDICT_RESUME);
	ck_assert_uint_eq(vcpu->registers.esp, STACK_AT - (error ? 16 : 12));
	if (error)
		ck_assert_uint_eq(stacked(0), 0x1234);
	ck_assert_uint_eq(stacked(error), 0x8123);
	ck_assert_uint_eq(stacked(error + 1u), CODE0);
	ck_assert_uint_eq(
		stacked(error + 2u), EFLAGS_FIXED | EFLAGS_CF | EFLAGS_DF | EFLAGS_IF | 0x2000);
	ck_assert_uint_eq(vcpu->registers.cs, CODE0 | 1);
	ck_assert_uint_eq(vcpu->registers.ss, DATA0 | 1);
	ck_assert(!vcpu->virtual_if);
	ck_assert_uint_eq(vcpu->virtual_iopl, 2);
}
END_TEST

START_TEST(a_frame_from_an_outer_ring)
{
	begin(USER);
	vcpu->virtual_if = true;
	ck_assert_int_eq(inject(EVENT_EXCEPTION, VECTOR_GP, 0x1234), VERDICT_RESUME);
	ck_assert_uint_eq(vcpu->registers.esp, INNER_AT - 24);
	ck_assert_uint_eq(stacked(0), 0x1234);
	ck_assert_uint_eq(stacked(1), 0x8123);
	ck_assert_uint_eq(stacked(2), CODE3);
	ck_assert_uint_eq(stacked(3), EFLAGS_FIXED | EFLAGS_IF);
	ck_assert_uint_eq(stacked(4), USER_AT);
	ck_assert_uint_eq(stacked(5), DATA3);
	ck_assert_uint_eq(vcpu->registers.cs, CODE0 | 1);
	ck_assert_uint_eq(vcpu->registers.ss, DATA0 | 1);
}
END_TEST

/* 6.12.1.2: IF for an interrupt gate; TF, NT, RF and VM for both. */
START_TEST(a_handler_starts_with_these_flags)
{
	for (unsigned trap = 0; trap <= 1; trap++) {
		begin(!USER);
		guest_set_gate(VECTOR, (uint32_t)CODE0 << 16 | HANDLER_AT, trap ? 0x8f00 : 0x8e00);
		vcpu->virtual_if = true;
		vcpu->registers.eflags |=
			EFLAGS_TF | EFLAGS_NT | EFLAGS_RF | EFLAGS_AC | EFLAGS_ID | EFLAGS_OF;
		ck_assert_int_eq(inject(EVENT_EXTERNAL, VECTOR, 0), VERDICT_RESUME);
		ck_assert_uint_eq(stacked(2), 0x254b02);
		ck_assert_uint_eq(vcpu->registers.eflags, 0x240a02);
		ck_assert_uint_eq(vcpu->virtual_if, trap);
	}
}
END_TEST

/* ---- gates: 6.11 and 6.12; every type, DPL, presence, ring and kind of event ---- */

enum passes { PASSES, REFUSED, ENDS };

static const enum passes gate_types[32] = {
	REFUSED,
	REFUSED,
	REFUSED,
	REFUSED,
	REFUSED,
	ENDS /* task gate */,
	ENDS /* 16-bit interrupt gate */,
	ENDS /* 16-bit trap gate */,
	REFUSED,
	REFUSED,
	REFUSED,
	REFUSED,
	REFUSED,
	REFUSED,
	PASSES /* interrupt gate */,
	PASSES /* trap gate */,
	REFUSED,
	REFUSED,
	REFUSED,
	REFUSED,
	REFUSED,
	REFUSED,
	REFUSED,
	REFUSED,
	REFUSED,
	REFUSED,
	REFUSED,
	REFUSED,
	REFUSED,
	REFUSED,
	REFUSED,
	REFUSED,
};

static void try_gate(
	unsigned type, unsigned dpl, unsigned present, unsigned user, enum event_kind kind)
{
	char what[96];
	uint32_t external = kind == EVENT_SOFTWARE ? 0 : 1;
	bool denied = kind == EVENT_SOFTWARE && dpl < (user ? 3u : 0u);

	snprintf(what, sizeof(what), "type %x, DPL %u, P %u, user %u, kind %d", type, dpl, present,
		user, kind);
	begin(user);
	guest_set_gate(VECTOR, (uint32_t)CODE0 << 16 | (HANDLER_AT + VECTOR * 4),
		present << 15 | dpl << 13 | type << 8);
	enum verdict verdict = inject(kind, VECTOR, 0);
	if (gate_types[type] == ENDS) {
		ck_assert_msg(verdict == VERDICT_ENDED, "%s", what);
		ck_assert_msg(guest_killed("gate"), "%s: %s", what, host.log);
		return;
	}
	if (gate_types[type] == REFUSED || denied)
		arrived(what, VECTOR_GP, VECTOR * 8 | 2 | external);
	else if (!present)
		arrived(what, VECTOR_NP, VECTOR * 8 | 2 | external);
	else
		arrived(what, VECTOR, 0x8123);
	if (handler() != VECTOR)
		ck_assert_msg(stacked(1) == 0x8765, "%s: it returns to %x", what, stacked(1));
}

START_TEST(a_gate_is_checked)
{
	static const enum event_kind kinds[] = {EVENT_EXCEPTION, EVENT_SOFTWARE, EVENT_EXTERNAL};

	for (unsigned dpl = 0; dpl <= 3; dpl++)
		for (unsigned present = 0; present <= 1; present++)
			for (unsigned user = 0; user <= 1; user++)
				for (unsigned kind = 0; kind < ARRAY_LENGTH(kinds); kind++)
					try_gate((unsigned)_i, dpl, present, user, kinds[kind]);
}
END_TEST

START_TEST(a_gate_lies_within_the_limit)
{
	for (unsigned missing = 0; missing <= 8; missing++) {
		begin(!USER);
		vcpu_load_idt(vcpu,
			(struct table_register){(uint16_t)(VECTOR * 8 + 7 - missing), IDT_AT});
		inject(EVENT_SOFTWARE, VECTOR, 0);
		if (missing)
			arrived("limit", VECTOR_GP, VECTOR * 8 | 2);
		else
			arrived("limit", VECTOR, 0x8123);
	}
}
END_TEST

/* ---- the code segment that a gate names ---- */

static const struct code_case {
	uint32_t low, high; /* at FREE */
	uint16_t selector;
	unsigned vector; /* VECTOR: it is delivered */
	uint32_t error_code;
	uint16_t cs; /* from ring 0; from ring 3 with cs3 */
	uint16_t cs3;
	unsigned vector3;
} code_cases[] = {
	{FLAT_LOW, FLAT_HIGH | 0x9a00, FREE, VECTOR, 0, FREE | 1, FREE | 1, VECTOR},
	{FLAT_LOW, FLAT_HIGH | 0x9800, FREE, VECTOR, 0, FREE | 1, FREE | 1, VECTOR},
	{FLAT_LOW, FLAT_HIGH | 0x9a00, FREE | 3, VECTOR, 0, FREE | 1, FREE | 1,
		VECTOR}, /* RPL is nothing */
	{FLAT_LOW, FLAT_HIGH | 0x9e00, FREE, VECTOR, 0, FREE | 1, FREE | 3,
		VECTOR}, /* conforming */
	{FLAT_LOW, FLAT_HIGH | 0xfa00, FREE, VECTOR_GP, FREE, 0, FREE | 3,
		VECTOR}, /* of an outer ring */
	{FLAT_LOW, FLAT_HIGH | 0xfe00, FREE, VECTOR_GP, FREE, 0, FREE | 3, VECTOR},
	{FLAT_LOW, FLAT_HIGH | 0x9200, FREE, VECTOR_GP, FREE, 0, 0, VECTOR_GP}, /* data */
	{FLAT_LOW, 0x0000ec00, FREE, VECTOR_GP, FREE, 0, 0, VECTOR_GP},         /* a call gate */
	{FLAT_LOW, FLAT_HIGH | 0x1a00, FREE, VECTOR_NP, FREE, 0, 0, VECTOR_NP},
	{FLAT_LOW, FLAT_HIGH | 0x1200, FREE, VECTOR_GP, FREE, 0, 0, VECTOR_GP},
	{0x00009fff, 0x00409a00, FREE, VECTOR_GP, 0, 0, 0, VECTOR_GP}, /* the offset is beyond it */
	{0, 0, 0, VECTOR_GP, 0, 0, 0, VECTOR_GP},                      /* null */
	{0, 0, 3, VECTOR_GP, 0, 0, 0, VECTOR_GP},
	{0, 0, 0x400, VECTOR_GP, 0x400, 0, 0, VECTOR_GP}, /* beyond the table */
	{0, 0, 0x0c, VECTOR_GP, 0x0c, 0, 0, VECTOR_GP},   /* there is no LDT */
};

START_TEST(the_code_of_a_gate_is_checked)
{
	const struct code_case *c = &code_cases[_i];

	for (unsigned user = 0; user <= 1; user++)
		for (unsigned external = 0; external <= 1; external++) {
			unsigned vector = user ? c->vector3 : c->vector;
			begin(user);
			guest_set_descriptor(FREE, c->low, c->high);
			guest_set_gate(VECTOR,
				(uint32_t)c->selector << 16 | (HANDLER_AT + VECTOR * 4), 0xee00);
			inject(external ? EVENT_EXTERNAL : EVENT_SOFTWARE, VECTOR, 0);
			if (vector == VECTOR) {
				arrived("code", VECTOR, 0x8123);
				ck_assert_uint_eq(vcpu->registers.cs, user ? c->cs3 : c->cs);
			} else {
				arrived("code", (int)vector, c->error_code | external);
			}
		}
}
END_TEST

START_TEST(conforming_code_keeps_the_users_stack)
{
	begin(USER);
	guest_set_descriptor(FREE, FLAT_LOW, FLAT_HIGH | 0x9e00);
	guest_set_gate(VECTOR, (uint32_t)FREE << 16 | HANDLER_AT, 0x8e00);
	ck_assert_int_eq(inject(EVENT_EXTERNAL, VECTOR, 0), VERDICT_RESUME);
	ck_assert_uint_eq(vcpu->registers.ss, DATA3);
	ck_assert_uint_eq(vcpu->registers.esp, USER_AT - 12);
}
END_TEST

/* ---- the stack of an inner ring: 6.12.1, and #TS, #SS in 6.15 ---- */

static const struct inner_case {
	uint16_t ss0;
	uint32_t low, high; /* at FREE */
	unsigned vector;    /* VECTOR: delivered */
	uint32_t error_code;
} inner_cases[] = {
	{DATA0, 0, 0, VECTOR, 0},
	{0, 0, 0, VECTOR_TS, 0},
	{3, 0, 0, VECTOR_TS, 0},
	{0x400, 0, 0, VECTOR_TS, 0x400},
	{0x14, 0, 0, VECTOR_TS, 0x14},
	{DATA0 | 3, 0, 0, VECTOR_TS, DATA0},
	{CODE0, 0, 0, VECTOR_TS, CODE0},
	{DATA3, 0, 0, VECTOR_TS, DATA3 & ~3u},
	{DATA3 & ~3u, 0, 0, VECTOR_TS, DATA3 & ~3u},
	{FREE, FLAT_LOW, FLAT_HIGH | 0x9000, VECTOR_TS, FREE}, /* read-only */
	{FREE, FLAT_LOW, FLAT_HIGH | 0x1200, VECTOR_SS, FREE}, /* not present */
	{FREE, FLAT_LOW, FLAT_HIGH | 0x1000, VECTOR_TS, FREE}, /* type before presence */
	{FREE, FLAT_LOW, FLAT_HIGH | 0x9200, VECTOR, 0},
};

START_TEST(an_inner_stack_is_checked)
{
	const struct inner_case *c = &inner_cases[_i];

	for (unsigned external = 0; external <= 1; external++) {
		begin(USER);
		if (c->low)
			guest_set_descriptor(FREE, c->low, c->high);
		/* the fault itself is delivered in ring 3, so that its own stack is a good one */
		guest_set_descriptor(FREE + 8, FLAT_LOW, FLAT_HIGH | 0xfa00);
		guest_set_gate(VECTOR_TS, (uint32_t)(FREE + 8) << 16 | (HANDLER_AT + VECTOR_TS * 4),
			0x8f00);
		guest_set_gate(VECTOR_SS, (uint32_t)(FREE + 8) << 16 | (HANDLER_AT + VECTOR_SS * 4),
			0x8f00);
		guest_set_gate(VECTOR, (uint32_t)CODE0 << 16 | (HANDLER_AT + VECTOR * 4), 0xee00);
		vcpu_store_linear(vcpu, gla(TSS_AT + 8), &c->ss0, sizeof(c->ss0));
		inject(external ? EVENT_EXTERNAL : EVENT_SOFTWARE, VECTOR, 0);
		if (c->vector == VECTOR)
			arrived("inner stack", VECTOR, 0x8123);
		else
			arrived("inner stack", (int)c->vector, c->error_code | external);
	}
}
END_TEST

START_TEST(without_a_task_there_is_no_inner_stack)
{
	begin(USER);
	guest_set_descriptor(FREE, TSS_AT << 16 | 0x0a, 0x8900); /* ends before SS0 does */
	guest_set_descriptor(FREE + 8, FLAT_LOW, FLAT_HIGH | 0xfa00);
	guest_set_gate(
		VECTOR_TS, (uint32_t)(FREE + 8) << 16 | (HANDLER_AT + VECTOR_TS * 4), 0x8f00);
	ck_assert_int_eq(vcpu_load_task(vcpu, FREE), VERDICT_RESUME);
	inject(EVENT_EXTERNAL, VECTOR, 0);
	arrived("a short TSS", VECTOR_TS, FREE | 1);
}
END_TEST

/* ---- room on the stack, at each edge: the segment's limit, ESP, what comes of it ---- */

static const struct room_case {
	uint32_t low, high; /* of the stack segment */
	uint32_t esp;
	bool fits[2]; /* a frame of 12 bytes; of 16 */
} room_cases[] = {
	{0x00000fff, 0x00409200, 0x1000, {true, true}},
	{0x00000fff, 0x00409200, 0x1001, {false, false}},
	{0x00000fff, 0x00409200, 16, {true, true}},
	{0x00000fff, 0x00409200, 15, {true, false}},
	{0x00000fff, 0x00409200, 12, {true, false}},
	{0x00000fff, 0x00409200, 11, {false, false}},
	{0x00000fff, 0x00409200, 0, {false, false}},    /* from the top of 4 GiB */
	{0x00005fff, 0x00009600, 0x6010, {true, true}}, /* expand down: above the limit */
	{0x00005fff, 0x00009600, 0x600f, {true, false}},
	{0x00005fff, 0x00009600, 0x600c, {true, false}},
	{0x00005fff, 0x00009600, 0x600b, {false, false}},
	{0x0000ffff, 0x00009200, 16, {true, true}}, /* 16 bits: SP */
	{0x0000ffff, 0x00009200, 0x1230010, {true, true}},
	{0x0000ffff, 0x00009200, 0, {true, true}}, /* wraps to the end of 64 KiB */
	{0x0000ffff, 0x00009200, 0x10000, {true, true}},
	{0x0000fff7, 0x00009200, 0, {false, false}},
};

START_TEST(a_frame_needs_room)
{
	const struct room_case *c = &room_cases[_i];

	for (unsigned error = 0; error <= 1; error++) {
		begin(!USER);
		guest_set_descriptor(FREE, c->low, c->high);
		vcpu->registers.ss = FREE | 1;
		vcpu->registers.esp = c->esp;
		/* what comes instead is not delivered either: a double, then a triple fault */
		inject(EVENT_EXCEPTION, error ? VECTOR_GP : VECTOR_UD, 0);
		if (c->fits[error]) {
			uint32_t mask = c->high & 0x400000 ? 0xffffffff : 0xffff;
			ck_assert_msg(vm->state == VM_READY, "case %d: %s", _i, host.log);
			ck_assert_uint_eq(vcpu->registers.esp,
				(c->esp & ~mask) | ((c->esp - 12 - error * 4) & mask));
		} else {
			ck_assert_msg(guest_killed("triple fault"), "case %d", _i);
			ck_assert_uint_eq(vcpu->registers.esp, c->esp);
		}
	}
}
END_TEST

/* From ring 3: #SS with the selector of the stack that has no room; and the user's own stack can be
 * anything. */
START_TEST(no_room_on_the_inner_stack_names_it)
{
	for (unsigned external = 0; external <= 1; external++)
		for (unsigned room = 0; room <= 1; room++) {
			uint32_t stack[2] = {room ? 20 : 19, FREE};
			begin(USER);
			guest_set_descriptor(FREE, 0x00000fff, 0x00409200);
			guest_set_descriptor(FREE + 8, FLAT_LOW, FLAT_HIGH | 0xfa00);
			guest_set_gate(VECTOR_SS,
				(uint32_t)(FREE + 8) << 16 | (HANDLER_AT + VECTOR_SS * 4), 0x8f00);
			guest_set_gate(
				VECTOR, (uint32_t)CODE0 << 16 | (HANDLER_AT + VECTOR * 4), 0xee00);
			vcpu_store_linear(vcpu, gla(TSS_AT + 4), stack, sizeof(stack));
			inject(external ? EVENT_EXTERNAL : EVENT_SOFTWARE, VECTOR, 0);
			if (!room) {
				arrived("no room", VECTOR_SS, FREE | external);
				continue;
			}
			ck_assert_int_eq(handler(), VECTOR);
			ck_assert_uint_eq(vcpu->registers.esp, 0);
			ck_assert_uint_eq(guest_read32(16), DATA3); /* its base is 0 */
		}
}
END_TEST

/* ---- faults in the delivery of an exception: tables 6-4 and 6-5 ---- */

enum class { BENIGN, CONTRIBUTORY, PAGE_FAULT_CLASS };

static const enum class classes[20] = {[VECTOR_DE] = CONTRIBUTORY,
	[VECTOR_TS] = CONTRIBUTORY,
	[VECTOR_NP] = CONTRIBUTORY,
	[VECTOR_SS] = CONTRIBUTORY,
	[VECTOR_GP] = CONTRIBUTORY,
	[VECTOR_PF] = PAGE_FAULT_CLASS};

/* Table 6-5: first exception, second (always contributory here): is it a double fault? */
static const bool doubles[] = {[BENIGN] = false, [CONTRIBUTORY] = true, [PAGE_FAULT_CLASS] = true};

/* Makes the delivery of `first` raise `second`, whose error code it returns. */
static uint32_t spoil(unsigned first, unsigned second)
{
	uint32_t low = (uint32_t)CODE0 << 16 | (HANDLER_AT + first * 4);

	switch (second) {
	case VECTOR_NP:
		guest_set_gate(first, low, 0x0e00);
		return first * 8 | 2;
	case VECTOR_GP:
		guest_set_gate(first, low, 0x8000);
		return first * 8 | 2;
	default: /* #TS: only this one comes from the user, on a stack that is none */
		guest_set_gate(first, low, 0x8e00);
		return 0;
	}
}

START_TEST(a_second_fault_is_delivered_or_makes_a_double_fault)
{
	static const unsigned seconds[] = {VECTOR_NP, VECTOR_GP, VECTOR_TS};
	unsigned first = (unsigned)_i;

	for (unsigned s = 0; s < ARRAY_LENGTH(seconds); s++) {
		unsigned second = seconds[s];
		char what[64];
		if (first == VECTOR_DF || first == second)
			continue;
		snprintf(what, sizeof(what), "%u, and then %u", first, second);
		begin(USER);
		uint32_t error_code = spoil(first, second) | 1; /* EXT: no INT n asked for it */
		if (second == VECTOR_TS) {                      /* its own handlers run in ring 3 */
			guest_write16(TSS_AT + 8, 0);
			guest_set_gate(VECTOR_TS,
				(uint32_t)(CODE3 & ~3u) << 16 | (HANDLER_AT + VECTOR_TS * 4),
				0x8f00);
			guest_set_gate(VECTOR_DF,
				(uint32_t)(CODE3 & ~3u) << 16 | (HANDLER_AT + VECTOR_DF * 4),
				0x8f00);
		}
		ck_assert_int_eq(inject(EVENT_EXCEPTION, first, 0), VERDICT_RESUME);
		if (doubles[classes[first]])
			arrived(what, VECTOR_DF, 0);
		else
			arrived(what, (int)second, error_code);
		ck_assert_msg(stacked(1) == 0x8765, "%s: it returns to %x", what, stacked(1));
		ck_assert_msg(stacked(3) & EFLAGS_RF, "%s: RF is not set (17.3.1.1)", what);
	}
}
END_TEST

START_TEST(an_exception_whose_own_kind_comes_again_is_a_double_fault)
{
	static const unsigned vectors[] = {VECTOR_NP, VECTOR_GP};

	begin(!USER);
	spoil(vectors[_i], vectors[_i]);
	ck_assert_int_eq(inject(EVENT_EXCEPTION, vectors[_i], 0x33), VERDICT_RESUME);
	arrived("the same again", VECTOR_DF, 0);
}
END_TEST

START_TEST(interrupts_are_benign_whatever_their_number)
{
	static const enum event_kind kinds[] = {EVENT_SOFTWARE, EVENT_EXTERNAL};
	static const unsigned vectors[] = {0, 10, 12, 14, 32, 255}; /* INT 0 is no #DE */

	for (unsigned k = 0; k < ARRAY_LENGTH(kinds); k++)
		for (unsigned i = 0; i < ARRAY_LENGTH(vectors); i++) {
			begin(!USER);
			uint32_t error_code = spoil(vectors[i], VECTOR_GP);
			inject(kinds[k], vectors[i], 0);
			arrived("interrupt", VECTOR_GP, error_code | k);
		}
}
END_TEST

START_TEST(a_fault_in_a_double_fault_ends_the_guest)
{
	static const unsigned seconds[] = {VECTOR_NP, VECTOR_GP};

	for (unsigned i = 0; i < ARRAY_LENGTH(seconds); i++) {
		begin(!USER);
		spoil(VECTOR_DF, seconds[i]);
		ck_assert_int_eq(inject(EVENT_EXCEPTION, VECTOR_DF, 0), VERDICT_ENDED);
		ck_assert_msg(guest_killed("triple fault"), "%s", host.log);
	}
	begin(!USER);
	vcpu_load_idt(vcpu, (struct table_register){0, IDT_AT}); /* the usual way to reset a PC */
	ck_assert_int_eq(inject(EVENT_SOFTWARE, 3, 0), VERDICT_ENDED);
	ck_assert(guest_killed("triple fault"));
}
END_TEST

/* INT 50h has no gate: #GP. That has none: a double fault, and it returns to the INT. */
START_TEST(faults_come_one_out_of_the_other)
{
	begin(!USER);
	spoil(VECTOR, VECTOR_NP);
	spoil(VECTOR_NP, VECTOR_GP);
	ck_assert_int_eq(inject(EVENT_SOFTWARE, VECTOR, 0), VERDICT_RESUME);
	arrived("INT, #NP, #GP", VECTOR_DF, 0);
	ck_assert_uint_eq(stacked(1), 0x8765);
	begin(!USER);
	spoil(VECTOR_UD, VECTOR_NP);
	spoil(VECTOR_NP, VECTOR_GP);
	spoil(VECTOR_DF, VECTOR_NP);
	ck_assert_int_eq(inject(EVENT_EXCEPTION, VECTOR_UD, 0), VERDICT_ENDED);
	ck_assert(guest_killed("triple fault"));
}
END_TEST

START_TEST(tables_and_stacks_outside_of_memory_end_the_guest)
{
	begin(!USER);
	vcpu_load_idt(vcpu, (struct table_register){0x7ff, HOST_GUEST_MEMORY});
	ck_assert_int_eq(inject(EVENT_EXTERNAL, VECTOR, 0), VERDICT_ENDED);
	ck_assert(guest_killed("no memory"));
	begin(!USER);
	vcpu->registers.esp = HOST_GUEST_MEMORY + 8; /* half of the frame would fit */
	ck_assert_int_eq(inject(EVENT_EXTERNAL, VECTOR, 0), VERDICT_ENDED);
	ck_assert(guest_killed("no memory"));
	ck_assert_uint_eq(guest_read32(HOST_GUEST_MEMORY - 4), 0);
}
END_TEST

/* What could not be delivered has changed nothing but what the next delivery pushed. */
START_TEST(a_delivery_that_fails_has_pushed_nothing)
{
	struct guest_registers before;
	uint8_t memory[64], now[64];

	begin(!USER);
	guest_set_descriptor(FREE, 0x00000fff, 0x00409200);
	vcpu->registers.ss = FREE | 1;
	vcpu->registers.esp = 11;
	host_guest_write(vm, 0, "what lies at the end of the stack, and must stay as it is", 58);
	host_guest_read(vm, 0, memory, sizeof(memory));
	before = vcpu->registers;
	before.eflags |= EFLAGS_RF; /* for the fault that was to be pushed */
	ck_assert_int_eq(inject(EVENT_EXCEPTION, VECTOR_UD, 0), VERDICT_ENDED);
	host_guest_read(vm, 0, now, sizeof(now));
	ck_assert_mem_eq(memory, now, sizeof(memory));
	ck_assert_mem_eq(&before, &vcpu->registers, sizeof(before));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("inject");
	TCase *tests = tcase_create("inject");

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, only_seven_exceptions_have_an_error_code);
	tcase_add_loop_test(tests, a_frame_in_the_same_ring, 0, 3);
	tcase_add_test(tests, a_frame_from_an_outer_ring);
	tcase_add_test(tests, a_handler_starts_with_these_flags);
	tcase_add_loop_test(tests, a_gate_is_checked, 0, ARRAY_LENGTH(gate_types));
	tcase_add_test(tests, a_gate_lies_within_the_limit);
	tcase_add_loop_test(tests, the_code_of_a_gate_is_checked, 0, ARRAY_LENGTH(code_cases));
	tcase_add_test(tests, conforming_code_keeps_the_users_stack);
	tcase_add_loop_test(tests, an_inner_stack_is_checked, 0, ARRAY_LENGTH(inner_cases));
	tcase_add_test(tests, without_a_task_there_is_no_inner_stack);
	tcase_add_loop_test(tests, a_frame_needs_room, 0, ARRAY_LENGTH(room_cases));
	tcase_add_test(tests, no_room_on_the_inner_stack_names_it);
	tcase_add_loop_test(tests, a_second_fault_is_delivered_or_makes_a_double_fault, 0, 20);
	tcase_add_loop_test(tests, an_exception_whose_own_kind_comes_again_is_a_double_fault, 0, 2);
	tcase_add_test(tests, interrupts_are_benign_whatever_their_number);
	tcase_add_test(tests, a_fault_in_a_double_fault_ends_the_guest);
	tcase_add_test(tests, faults_come_one_out_of_the_other);
	tcase_add_test(tests, tables_and_stacks_outside_of_memory_end_the_guest);
	tcase_add_test(tests, a_delivery_that_fails_has_pushed_nothing);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
