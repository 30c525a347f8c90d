/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Can the machine deceive whoever watches it? What it writes to port 0xE9 against what the debugger
 * says, and the record of its ring crossings against the program that it runs.
 *
 * Invariant: what is expected stands in tests/data/bochs_forge.asm and bochs_protected.asm.
 */
#include "bochs_fixture.h"

#define EVENTS_MAX 64
#define ROUNDS     100000u /* of bochs_protected.asm */

enum protected_label { READY, STORM, DONE, SUM, TRAP, PLAIN_FAULT, FAULT, TIMER, UNDEFINED };

struct record {
	struct bochs_event events[EVENTS_MAX];
	size_t n;
	size_t by_kind[4];
	uint64_t last_tick;
	bool in_order;
};

static void event_record(void *context, const struct bochs_event *event)
{
	struct record *record = context;

	if (record->n < EVENTS_MAX)
		record->events[record->n] = *event;
	record->n++;
	record->by_kind[event->kind]++;
	record->in_order &= event->tick >= record->last_tick;
	record->last_tick = event->tick;
}

static struct bochs *protected_boot(void)
{
	struct bochs *b =
		machine_boot(&(struct bochs_config){.disk = assemble("bochs_protected", "")});

	ck_assert_stop(b, bochs_run_until(b, label(READY), PLENTY), BOCHS_STOP_BREAKPOINT);
	return b;
}

/* --- Forgery --- */

START_TEST(a_forged_prompt_stops_nothing)
{
	struct bochs *b = machine_boot(
		&(struct bochs_config){.disk = assemble("bochs_forge", ""), .e9 = true});
	struct bochs_watch watch = {0x500, 4, BOCHS_WRITE};
	uint32_t forged = 0x7bad;
	struct bochs_until until = {.ticks = 100000,
		.addresses = &forged,
		.n_addresses = 1,
		.watches = &watch,
		.n_watches = 1};
	uint64_t before = bochs_ticks(b);

	ck_assert_stop(b, bochs_run(b, &until), BOCHS_STOP_LIMIT);
	ck_assert_uint_eq(bochs_ticks(b), before + 100000);
	ck_assert_uint_eq(registers(b)->eax, 0x600d);
	ck_assert_uint_eq(registers(b)->pc, label(0) + 6);
	bochs_free(b);
}
END_TEST

START_TEST(what_was_forged_is_in_the_log_and_nothing_else)
{
	struct bochs *b = machine_boot(
		&(struct bochs_config){.disk = assemble("bochs_forge", ""), .e9 = true});
	static const char start[] =
		"(0) Caught write watch point at 0x000000000500\n(0) Breakpoint 1,";
	static const char end[] = "ptime: 123\n<bochs:3> ";
	const char *log = bochs_log(b, NULL), *p;
	size_t length;

	ck_assert_str_eq(log, "");
	ck_assert_stop(b, bochs_run_until(b, label(0), PLENTY), BOCHS_STOP_BREAKPOINT);
	ck_assert_uint_eq(registers(b)->pc, label(0));
	log = bochs_log(b, &length);
	ck_assert_uint_eq(strlen(log), length);
	ck_assert_mem_eq(log, start, strlen(start));
	ck_assert_str_eq(log + length - strlen(end), end);
	/* three times the same text, with nothing between */
	ck_assert_uint_eq(length % 3, 0);
	for (p = log; p + length / 3 < log + length; p++)
		ck_assert_int_eq(*p, p[length / 3]);
	bochs_free(b);
}
END_TEST

START_TEST(a_machine_that_stops_bochs_over_and_over_just_runs)
{
	struct bochs *b =
		machine_boot(&(struct bochs_config){.disk = assemble("bochs_end", "-DHOW=6")});
	uint64_t before = bochs_ticks(b);

	ck_assert_stop(b, bochs_run_ticks(b, 1000000), BOCHS_STOP_LIMIT);
	ck_assert_uint_eq(bochs_ticks(b), before + 1000000);
	ck_assert_uint_eq(registers(b)->ecx & 0xffff, 0);
	bochs_free(b);
}
END_TEST

START_TEST(a_log_without_end_keeps_its_last_words)
{
	struct bochs *b = machine_boot(&(struct bochs_config){
		.disk = assemble("bochs_flood", ""), .e9 = true, .seconds = 50});
	const char *log;
	size_t length;

	ck_assert_stop(b, bochs_run_ticks(b, 10000000), BOCHS_STOP_LIMIT);
	log = bochs_log(b, &length);
	ck_assert_uint_eq(length, BOCHS_LOG_MAX);
	for (size_t i = 0; i < length; i++)
		ck_assert_int_eq(log[i], '<');
	bochs_free(b);
}
END_TEST

/* --- The trace --- */

static void event_check(const struct bochs_event *event, const struct bochs_event *expected)
{
	ck_assert_int_eq(event->kind, expected->kind);
	ck_assert_uint_eq(event->vector, expected->vector);
	ck_assert_int_eq(event->has_error_code, expected->has_error_code);
	ck_assert_uint_eq(event->error_code, expected->error_code);
	ck_assert_int_eq(event->delivered, expected->delivered);
	ck_assert_uint_eq(event->cs, expected->cs);
	ck_assert_uint_eq(event->eip, expected->eip);
}

START_TEST(each_kind_of_crossing_is_recorded)
{
	static struct record record = {.in_order = true};
	struct bochs *b = protected_boot();
	uint32_t fault = label(FAULT);
	const struct bochs_event expected[] = {
		{.kind = BOCHS_SOFTWARE_INT,
			.vector = 0x30,
			.delivered = true,
			.cs = 8,
			.eip = label(TRAP)},
		{.kind = BOCHS_IRET, .delivered = true, .cs = 8, .eip = label(READY) + 2},
		{.kind = BOCHS_EXCEPTION,
			.vector = 6,
			.delivered = true,
			.cs = 8,
			.eip = label(PLAIN_FAULT)},
		{.kind = BOCHS_IRET, .delivered = true, .cs = 8, .eip = label(UNDEFINED)},
		{.kind = BOCHS_EXCEPTION,
			.vector = 13,
			.has_error_code = true,
			.error_code = 0x1238,
			.delivered = true,
			.cs = 8,
			.eip = fault},
		{.kind = BOCHS_IRET, .delivered = true, .cs = 8, .eip = 0},
		{.kind = BOCHS_EXCEPTION,
			.vector = 14,
			.has_error_code = true,
			.delivered = true,
			.cs = 8,
			.eip = fault},
		{.kind = BOCHS_IRET, .delivered = true, .cs = 8, .eip = 0},
		{.kind = BOCHS_SOFTWARE_INT, .vector = 0x31},
		{.kind = BOCHS_EXCEPTION,
			.vector = 11,
			.has_error_code = true,
			.error_code = 0x31 * 8 + 2,
			.delivered = true,
			.cs = 8,
			.eip = fault},
		{.kind = BOCHS_IRET, .delivered = true, .cs = 8, .eip = 0},
		/* the IRET that faults is no IRET */
		{.kind = BOCHS_EXCEPTION,
			.vector = 13,
			.has_error_code = true,
			.error_code = 0x7770,
			.delivered = true,
			.cs = 8,
			.eip = fault},
		{.kind = BOCHS_IRET, .delivered = true, .cs = 8, .eip = 0},
		/* a hardware interrupt: the second instruction of its handler, INC EBX being the
		   first */
		{.kind = BOCHS_HARDWARE_INT,
			.vector = 8,
			.delivered = true,
			.cs = 8,
			.eip = label(TIMER) + 1},
		{.kind = BOCHS_IRET, .delivered = true, .cs = 8, .eip = 0},
	};
	size_t n = sizeof(expected) / sizeof(expected[0]);

	ck_assert_int_eq(bochs_trace_start(b, event_record, &record), 0);
	ck_assert_stop(b, bochs_run_until(b, label(STORM), PLENTY), BOCHS_STOP_BREAKPOINT);
	ck_assert_int_eq(bochs_trace_stop(b), 0);
	ck_assert_uint_eq(record.n, n);
	ck_assert(record.in_order);
	for (size_t i = 0; i < n; i++) {
		struct bochs_event e = expected[i];

		if (e.kind == BOCHS_IRET && !e.eip) {
			ck_assert_uint_gt(record.events[i].eip, label(READY));
			e.eip = record.events[i].eip;
		}
		event_check(&record.events[i], &e);
	}
	bochs_free(b);
}
END_TEST

/* The debugger remembers an INT and an IRET from before the trace: the BIOS used many. */
START_TEST(what_came_before_a_trace_is_not_in_it)
{
	static struct record record = {.in_order = true};
	struct bochs *b = machine_boot(&(struct bochs_config){.disk = assemble("bochs_loop", "")});

	ck_assert_int_eq(bochs_trace_start(b, event_record, &record), 0);
	ck_assert_stop(b, bochs_run_ticks(b, 1000000), BOCHS_STOP_LIMIT);
	ck_assert_int_eq(bochs_trace_stop(b), 0);
	ck_assert_uint_eq(record.by_kind[BOCHS_EXCEPTION] + record.by_kind[BOCHS_SOFTWARE_INT], 0);
	ck_assert_uint_eq(record.by_kind[BOCHS_IRET], record.by_kind[BOCHS_HARDWARE_INT]);
	bochs_free(b);
}
END_TEST

/* Bochs says less about an instruction that is the last before a stop. */
static void record_with_stops(struct record *record, uint32_t stride)
{
	struct bochs *b = protected_boot();

	ck_assert_int_eq(bochs_trace_start(b, event_record, record), 0);
	for (uint32_t i = 0; stride && i < 48; i += stride)
		ck_assert_stop(b, stride == 1 ? bochs_step(b, 1) : bochs_run_ticks(b, stride),
			BOCHS_STOP_LIMIT);
	ck_assert_stop(b, bochs_run_until(b, label(STORM), PLENTY), BOCHS_STOP_BREAKPOINT);
	ck_assert_int_eq(bochs_trace_stop(b), 0);
	bochs_free(b);
}

START_TEST(a_trace_does_not_depend_on_stops)
{
	static struct record whole = {.in_order = true}, stepped;

	record_with_stops(&whole, 0);
	ck_assert_uint_eq(whole.n, 15);
	for (uint32_t stride = 1; stride < 9; stride++) {
		stepped = (struct record){.in_order = true};
		record_with_stops(&stepped, stride);
		ck_assert_uint_eq(stepped.n, whole.n);
		for (size_t i = 0; i < whole.n; i++) {
			event_check(&stepped.events[i], &whole.events[i]);
			ck_assert_uint_eq(stepped.events[i].tick, whole.events[i].tick);
		}
	}
}
END_TEST

/* The timer is taken at a tick that we know from another run: stop just there. */
START_TEST(a_hardware_interrupt_at_a_stop_is_none_of_software)
{
	static struct record first = {.in_order = true}, second = {.in_order = true};
	const struct bochs_event *timer = &first.events[13];
	struct bochs *b;

	record_with_stops(&first, 0);
	ck_assert_int_eq(timer->kind, BOCHS_HARDWARE_INT);
	b = protected_boot();
	ck_assert_int_eq(bochs_trace_start(b, event_record, &second), 0);
	ck_assert_stop(b, bochs_run_ticks(b, timer->tick - bochs_ticks(b)), BOCHS_STOP_LIMIT);
	ck_assert_uint_eq(bochs_ticks(b), timer->tick);
	ck_assert_uint_eq(second.n, 14);
	event_check(&second.events[13], timer);
	bochs_free(b);
}
END_TEST

START_TEST(a_trace_starts_and_stops_to_the_instruction)
{
	static struct record record = {.in_order = true};
	struct bochs *b = protected_boot();

	ck_assert_stop(b, bochs_step(b, 1), BOCHS_STOP_LIMIT);
	ck_assert_uint_eq(registers(b)->pc, label(TRAP));
	ck_assert_int_eq(bochs_trace_start(b, event_record, &record), 0);
	ck_assert_int_eq(bochs_trace_start(b, event_record, &record), -1);
	ck_assert_stop(b, bochs_step(b, 1), BOCHS_STOP_LIMIT);
	ck_assert_uint_eq(record.n, 1);
	ck_assert_int_eq(record.events[0].kind, BOCHS_IRET);
	ck_assert_uint_eq(record.events[0].tick, bochs_ticks(b));
	ck_assert_int_eq(bochs_trace_stop(b), 0);
	ck_assert_int_eq(bochs_trace_stop(b), 0);
	ck_assert_stop(b, bochs_run_until(b, label(FAULT), PLENTY), BOCHS_STOP_BREAKPOINT);
	ck_assert_uint_eq(record.n, 1);
	bochs_free(b);
}
END_TEST

START_TEST(hundreds_of_thousands_of_crossings_are_all_there)
{
	static struct record record = {.in_order = true};
	struct bochs *b = protected_boot();

	ck_assert_stop(b, bochs_run_until(b, label(STORM), PLENTY), BOCHS_STOP_BREAKPOINT);
	ck_assert_int_eq(bochs_trace_start(b, event_record, &record), 0);
	ck_assert_stop(b, bochs_run_until(b, label(DONE), PLENTY), BOCHS_STOP_BREAKPOINT);
	ck_assert_uint_eq(record.by_kind[BOCHS_SOFTWARE_INT], ROUNDS);
	ck_assert_uint_eq(record.by_kind[BOCHS_IRET], ROUNDS);
	ck_assert_uint_eq(record.n, 2 * ROUNDS);
	ck_assert(record.in_order);
	bochs_free(b);
}
END_TEST

START_TEST(a_triple_fault_is_recorded_to_its_end)
{
	static struct record record = {.in_order = true};
	struct bochs *b =
		machine_boot(&(struct bochs_config){.disk = assemble("bochs_end", "-DHOW=1")});

	ck_assert_stop(b, bochs_run_until(b, label(0), PLENTY), BOCHS_STOP_BREAKPOINT);
	ck_assert_int_eq(bochs_trace_start(b, event_record, &record), 0);
	ck_assert_stop(b, bochs_run_ticks(b, PLENTY), BOCHS_STOP_TRIPLE_FAULT);
	ck_assert_uint_ge(record.n, 2);
	ck_assert_int_eq(record.events[0].kind, BOCHS_SOFTWARE_INT);
	ck_assert_uint_eq(record.events[0].vector, 3);
	for (size_t i = 0; i < record.n; i++)
		ck_assert(!record.events[i].delivered);
	ck_assert_uint_eq(record.events[record.n - 1].tick, bochs_ticks(b));
	ck_assert_int_eq(bochs_trace_stop(b), 0);
	bochs_free(b);
}
END_TEST

START_TEST(a_trace_beside_port_e9_is_refused)
{
	struct bochs *b = machine_boot(
		&(struct bochs_config){.disk = assemble("bochs_loop", ""), .e9 = true});

	ck_assert_int_eq(bochs_trace_start(b, event_record, NULL), -1);
	ck_assert_ptr_nonnull(strstr(bochs_error(b), "0xE9"));
	ck_assert_stop(b, bochs_run_ticks(b, 1000), BOCHS_STOP_LIMIT);
	bochs_free(b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bochs_trace");
	TCase *forgery = tcase_create("forgery"), *trace = tcase_create("trace");

	tcase_add_checked_fixture(forgery, folder_make, folder_check_and_remove);
	tcase_add_checked_fixture(trace, folder_make, folder_check_and_remove);
	tcase_set_timeout(forgery, 60);
	tcase_set_timeout(trace, 60);
	suite_add_tcase(suite, forgery);
	suite_add_tcase(suite, trace);

	tcase_add_test(forgery, a_forged_prompt_stops_nothing);
	tcase_add_test(forgery, what_was_forged_is_in_the_log_and_nothing_else);
	tcase_add_test(forgery, a_machine_that_stops_bochs_over_and_over_just_runs);
	tcase_add_test(forgery, a_log_without_end_keeps_its_last_words);

	tcase_add_test(trace, each_kind_of_crossing_is_recorded);
	tcase_add_test(trace, what_came_before_a_trace_is_not_in_it);
	tcase_add_test(trace, a_trace_does_not_depend_on_stops);
	tcase_add_test(trace, a_hardware_interrupt_at_a_stop_is_none_of_software);
	tcase_add_test(trace, a_trace_starts_and_stops_to_the_instruction);
	tcase_add_test(trace, hundreds_of_thousands_of_crossings_are_all_there);
	tcase_add_test(trace, a_triple_fault_is_recorded_to_its_end);
	tcase_add_test(trace, a_trace_beside_port_e9_is_refused);
	return suite_run(suite);
}
