/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 5, graded tests of resource control for hypercalls: whoever asks says where and how much, and
 * may lie (guests/callers). Behind an attacker runs a guest that behaves, in the same machine: it
 * must not notice.
 */
#include "paravirt_tests.h"

#include <stdlib.h>

#define ATTACKED "mem=4 time=8" /* an attack that goes on for ever is ended: 10 ms each */
#define STOPS    8
#define APART    60000 /* instructions at most between two looks */
#define TIMES    10
#define BEHAVED  4 /* results of a round of the guest behind */

#define MONITOR_CHOICES 8
#define TABLE_CHOICES   4

/* ---- attacks ---- */

/* The monitor's own IDT, which each guest's is made from. */
struct own_table {
	uint8_t gates[VECTORS * sizeof(struct descriptor)];
};

static struct own_table own_table_read(struct machine *m)
{
	struct own_table table;

	memory_read(m, monitor_symbol("monitor_idt"), &table, sizeof(table));
	return table;
}

static void check_monitor(struct machine *m, const struct integrity *before,
	const struct own_table *table, const char *what)
{
	struct own_table now = own_table_read(m);

	integrity_check_monitor(m, before, what);
	ck_assert_msg(memcmp(table, &now, sizeof(now)) == 0,
		"the attack %s changed the monitor's IDT", what);
}

/* Looks at the monitor while the first guest runs, and at the results of the one behind it. */
static void assert_attack_is_survived(uint32_t part, uint32_t choice, const char *what)
{
	struct guest *guest = callers_open(part, choice, TIMES),
		     *next = callers_open(CALLERS_BEHAVE, 0, TIMES);
	struct boot_guest guests[] = {{guest, ATTACKED}, {next, "mem=4"}};
	struct machine *m = boot_several(guests, 2);
	uint32_t end = monitor_symbol("vm_end");

	run_until(m, guest_symbol(guest, "try_init"));
	struct integrity before = integrity_take(m);
	const struct own_table table = own_table_read(m);
	for (int i = 0; i < STOPS && !run_until_or_for(m, end, 1 + random_below(APART)); i++)
		check_monitor(m, &before, &table, what);
	run_until(m, guest_symbol(next, "try_init"));
	check_monitor(m, &before, &table, what);
	run_until(m, guest_symbol(next, "guest_done"));
	uint32_t wrong = memory_read_u32(m, guest_symbol(next, "results_wrong")),
		 count = memory_read_u32(m, guest_symbol(next, "result_count"));
	ck_assert_msg(count == TIMES * BEHAVED && wrong == 0,
		"behind a guest with the attack %s runs one that behaves: of its %d results %u were noted, and %u were wrong",
		what, TIMES * BEHAVED, count, wrong);
	run_to_end(m);
	machine_end(m);
	free(before.text);
}

/* Under the monitor the guest is ended, or it has #PF as on the bare machine. */
static void assert_monitor_is_out_of_reach(uint32_t choice)
{
	struct guest *guest = callers_open(CALLERS_MONITOR, choice, 1);
	struct machine *m = boot_several(&(struct boot_guest){guest, ATTACKED}, 1);
	const uint32_t ends[] = {monitor_symbol("vm_end"), guest_symbol(guest, "guest_done")};

	if (run_until_any(m, ends, 2) == 1)
		ck_assert_msg(memory_read_u32(m, guest_symbol(guest, "callers_through")) == 0,
			"a hypercall with addresses of the monitor's (guests/callers, attack %u) is performed",
			choice);
	machine_end(m);
}

START_TEST(the_monitors_addresses_are_out_of_reach)
{
	hint("vcpu_load_linear() and vcpu_store_linear() look at an address as the processor would. An address that the guest names is no pointer.");
	for (uint32_t choice = 0; choice < MONITOR_CHOICES; choice++) {
		assert_monitor_is_out_of_reach(choice);
		assert_attack_is_survived(CALLERS_MONITOR, choice, "on the monitor's addresses");
	}
}
END_TEST

START_TEST(garbage_in_the_data_page_harms_no_one_else)
{
	hint("The data page is the guest's memory, too. What stands there decides about the guest's own flag, and nothing else.");
	assert_attack_is_survived(CALLERS_DATA, 0, "on the data page");
	for (uint32_t choice = 0; choice < TABLE_CHOICES; choice++)
		assert_attack_is_survived(
			CALLERS_TABLES, choice, "with its tables in the data page");
}
END_TEST

/* ---- numbers ---- */

/* What the guest itself knows to be so; there is no bare machine to compare with. */
static void assert_no_result_is_wrong(uint32_t part, uint32_t choice, uint32_t rounds)
{
	struct guest *guest = callers_open(part, choice, rounds);
	struct machine *m = boot_several(&(struct boot_guest){guest, "mem=4"}, 1);
	const uint32_t ends[] = {guest_symbol(guest, "guest_done"), monitor_symbol("vm_end")};

	ck_assert_msg(run_until_any(m, ends, 2) == 0,
		"this monitor ended a guest that does nothing that is forbidden. The monitor says:\n%s",
		monitor_end(m));
	uint32_t wrong = memory_read_u32(m, guest_symbol(guest, "results_wrong")),
		 count = memory_read_u32(m, guest_symbol(guest, "result_count"));
	ck_assert_msg(wrong == 0 && count > rounds,
		"of %u results %u are not what they must be. The console shows\n%s", count, wrong,
		console(m));
	machine_end(m);
}

START_TEST(unknown_hypercalls_change_nothing)
{
	hint("EAX = HYPERCALL_UNKNOWN, also for what the firmware does alone. EDX and ECX stay.");
	assert_no_result_is_wrong(CALLERS_NUMBERS, 0, 40);
}
END_TEST

/* ---- without end ---- */

START_TEST(endless_calls_let_interrupts_in)
{
	hint("HYPERCALL_ENTRIES, HYPERCALL_BYTES: with ECX not 0, EIP stays at the INT.");
	assert_no_result_is_wrong(CALLERS_TICKS, 0, TIMES);
	assert_no_result_is_wrong(CALLERS_TICKS, 1, 2);
	assert_attack_is_survived(CALLERS_HOLD, 0, "by a list that does not end");
}
END_TEST

#define BOUND_RUN      12000000 /* instructions */
#define UPDATES_BOUND  24000    /* of one hypercall with as many entries as one may have */
#define CONSOLE_BOUND  900000   /* the same with bytes: the serial line is what takes long */
#define HYPERCALLS_MIN 2

/* The longest exit through the hypercall's gate, in instructions, as Bochs has recorded it. */
static uint64_t longest_hypercall(uint32_t part, uint32_t choice)
{
	struct guest *guest = callers_open(part, choice, 40);
	struct machine *m = boot_several(&(struct boot_guest){guest, "mem=4"}, 1);
	const struct bochs_event *events;
	uint64_t longest = 0, begun = 0;
	unsigned hypercalls = 0;

	run_until(m, guest_symbol(guest, choice ? "ticks_run" : "hold_run"));
	trace_begin(m);
	run_for(m, BOUND_RUN);
	size_t count = trace_end(m, &events);
	for (size_t i = 0; i < count; i++) {
		if (events[i].kind != BOCHS_IRET && events[i].delivered &&
			events[i].cs == MONITOR_CS && events[i].vector == HYPERCALL_VECTOR) {
			begun = events[i].tick;
			hypercalls++;
		} else if (events[i].kind == BOCHS_IRET && begun) {
			if (events[i].tick - begun > longest)
				longest = events[i].tick - begun;
			begun = 0;
		}
	}
	ck_assert_msg(hypercalls >= HYPERCALLS_MIN,
		"in %d instructions a guest with a list or a text without end makes %u hypercalls",
		BOUND_RUN, hypercalls);
	machine_end(m);
	return longest;
}

START_TEST(one_hypercall_is_bounded)
{
	uint64_t updates = longest_hypercall(CALLERS_HOLD, 0),
		 text = longest_hypercall(CALLERS_TICKS, 1);

	measure("instructions_of_the_longest_update", updates);
	measure("instructions_of_the_longest_text", text);
	hint("The other guests, and the monitor's own clock, wait for as long as a hypercall takes.");
	assert_within("one hypercall of PAL_UPDATE without end", updates, UPDATES_BOUND);
	assert_within("one hypercall of PAL_CONSOLE without end", text, CONSOLE_BOUND);
}
END_TEST

const struct graded_test paravirt_pal_hostile_tests[] = {
	{&the_monitors_addresses_are_out_of_reach, RESOURCE_CONTROL, 3, "callers"},
	{&garbage_in_the_data_page_harms_no_one_else, RESOURCE_CONTROL, 2, "callers"},
	{&unknown_hypercalls_change_nothing, RESOURCE_CONTROL, 2, "callers"},
	{&endless_calls_let_interrupts_in, RESOURCE_CONTROL, 3, "callers"},
	{&one_hypercall_is_bounded, RESOURCE_CONTROL, 2, "callers"},
	{0},
};
