/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 2, graded tests of efficiency: what a trapped instruction, an exception, an interrupt and a
 * system call cost, between the labels of guests/costs. And the predictions, measured on this very
 * monitor.
 */
#include "traps_tests.h"

/* Budgets in instructions, from the reference's figures (`make bench`) with room. */
/* In instructions. The reference must do with three quarters of these (grader/tests/budgets.sh): a
 * plainer solution may take more. */
#define FLAG_BUDGET      333  /* CLI or STI, to the guest's next instruction */
#define PORT_BUDGET      533  /* IN from the UART */
#define EXCEPTION_BUDGET 800  /* a divide error, to the guest's handler */
#define INTERRUPT_BUDGET 2666 /* the timer's, with its end and its IRET */
#define CALL_PERCENT     105  /* a system call, of what it takes bare */

#define ROUNDS 8 /* how often the guest does it: ROUNDS of costs.asm */

#define TRAP_BYTES 2 /* the instruction that is measured, or its beginning */

/* It is the guest's own instruction, not one that was put in its place. */
static void assert_untouched(struct machine *m, const struct guest *guest, const char *place)
{
	uint8_t own[TRAP_BYTES], found[TRAP_BYTES];

	guest_read(guest, place, own, sizeof(own));
	memory_read(m, guest_symbol(guest, place), found, sizeof(found));
	ck_assert_msg(memcmp(own, found, sizeof(own)) == 0,
		"at %s the guest has the bytes %02x %02x; in its memory they are %02x %02x", place,
		own[0], own[1], found[0], found[1]);
}

/* The least of all rounds: something else may come in between. */
static uint64_t cost_between(const char *from, const char *to)
{
	struct guest *guest = guest_open("costs");
	struct machine *m = boot(guest);
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < ROUNDS; i++) {
		run_until(m, guest_symbol(guest, from));
		assert_untouched(m, guest, from);
		uint64_t start = ticks(m);
		run_until(m, guest_symbol(guest, to));
		if (ticks(m) - start < least)
			least = ticks(m) - start;
	}
	ck_assert_msg(
		least > 1, "the instruction at %s does not trap: the guest has the real one", from);
	machine_end(m);
	return least;
}

START_TEST(cli_and_sti_are_cheap)
{
	uint64_t cli = cost_between("costs_cli", "costs_after_cli");
	uint64_t sti = cost_between("costs_sti", "costs_after_sti");

	measure("instructions_of_a_cli", cli);
	measure("instructions_of_an_sti", sti);
	assert_within("a CLI, from the trap to the guest's next instruction,", cli, FLAG_BUDGET);
	assert_within("an STI, from the trap to the guest's next instruction,", sti, FLAG_BUDGET);
}
END_TEST

START_TEST(a_port_access_is_cheap)
{
	uint64_t in = cost_between("costs_in", "costs_after_in");

	measure("instructions_of_an_in", in);
	assert_within("an IN from the UART", in, PORT_BUDGET);
}
END_TEST

START_TEST(an_exception_is_reflected_cheaply)
{
	uint64_t divide = cost_between("costs_divide", "costs_divide_handler");

	measure("instructions_of_a_divide_error", divide);
	assert_within(
		"a divide error, from the DIV to the guest's handler,", divide, EXCEPTION_BUDGET);
}
END_TEST

/*
 * While the timer interrupts, the guest counts how often its loop of three instructions goes
 * round. What the time between the two labels holds beyond that is the interrupts'.
 */
#define LOOP_INSTRUCTIONS 3

START_TEST(a_timer_interrupt_is_cheap)
{
	struct guest *guest = guest_open("costs");
	struct machine *m = boot(guest);

	run_until(m, guest_symbol(guest, "costs_timer_begin"));
	uint64_t start = ticks(m);
	run_until(m, guest_symbol(guest, "costs_timer_end"));
	uint64_t loops = (uint64_t)registers(m)->ebx * LOOP_INSTRUCTIONS;
	uint64_t each = (ticks(m) - start - loops) / guest_read_u32(guest, "costs_interrupts");

	measure("instructions_of_a_timer_interrupt", each);
	hint("That is an exit for the interrupt itself, one for the OUT that ends it, and one for the IRET.");
	assert_within("a timer interrupt, with its handler, its end and its IRET,", each,
		INTERRUPT_BUDGET);
}
END_TEST

static uint64_t costs_exits(const char *from, const char *to, bool with_interrupts)
{
	struct guest *guest = guest_open("costs");
	struct machine *m = boot(guest);
	uint64_t exits = exits_between(
		m, guest_symbol(guest, from), guest_symbol(guest, to), with_interrupts);

	machine_end(m);
	return exits;
}

static uint64_t ticks_between(
	struct machine *m, const struct guest *guest, const char *from, const char *to)
{
	run_until(m, guest_symbol(guest, from));
	return ticks_to(m, guest_symbol(guest, to));
}

START_TEST(a_system_call_costs_what_it_costs_bare)
{
	struct guest *guest = guest_open("costs");
	uint64_t exits = costs_exits("costs_calls_begin", "costs_calls_end", false);
	uint64_t bare =
		ticks_between(boot_bare(guest), guest, "costs_calls_begin", "costs_calls_end");
	uint64_t got = ticks_between(boot(guest), guest, "costs_calls_begin", "costs_calls_end");
	uint32_t calls = guest_read_u32(guest, "costs_calls");

	hint("A trap gate with DPL 3 is open while the guest's IF is 1: the processor passes it by itself, and IRET goes back by itself.");
	ck_assert_msg(exits == 0, "%u system calls through a trap gate took %llu exits", calls,
		(unsigned long long)exits);
	ck_assert_msg(got * 100 <= bare * CALL_PERCENT,
		"%u system calls take %llu instructions bare and %llu under this monitor: more than %d per cent",
		calls, (unsigned long long)bare, (unsigned long long)got, CALL_PERCENT);
}
END_TEST

/* ---- predictions ---- */

static uint64_t exits_per_character(void)
{
	struct guest *guest = guest_open("costs");
	struct machine *m = boot(guest);
	uint32_t put = guest_symbol(guest, "console_put");

	run_until(m, put); /* the first one sets up the port */
	run_until(m, put);
	return exits_between(m, put, put, false);
}

static uint64_t exits_per_divide_error(void)
{
	return costs_exits("costs_divide", "costs_after_divide", false);
}

static uint64_t exits_per_table_write(void)
{
	return costs_exits("costs_write", "costs_after_write", false);
}

/* The real timer may tick some more for the monitor itself. */
static uint64_t exits_per_timer_interrupt(void)
{
	uint32_t interrupts = guest_read_u32(guest_open("costs"), "costs_interrupts");
	return costs_exits("costs_timer_begin", "costs_timer_end", true) / interrupts;
}

static uint64_t exits_per_call(void)
{
	uint32_t calls = guest_read_u32(guest_open("costs"), "costs_calls");
	return costs_exits("costs_calls_begin", "costs_calls_end", false) / calls;
}

static uint64_t exits_per_closed_call(void)
{
	uint32_t calls = guest_read_u32(guest_open("costs"), "costs_closed_calls");
	return costs_exits("costs_closed_begin", "costs_closed_end", false) / calls;
}

START_TEST(predictions_about_traps_hold_on_this_monitor)
{
	static const struct prediction predictions[] = {
		{"exits_per_character", exits_per_character},
		{"exits_per_divide_error", exits_per_divide_error},
		{"exits_per_table_write", exits_per_table_write},
		{"exits_per_timer_interrupt", exits_per_timer_interrupt},
		{"exits_per_system_call", exits_per_call},
		{"exits_per_closed_call", exits_per_closed_call},
	};

	assert_predictions(predictions, sizeof(predictions) / sizeof(predictions[0]));
}
END_TEST

const struct graded_test traps_cost_tests[] = {
	{&cli_and_sti_are_cheap, EFFICIENCY, 2, "costs"},
	{&a_port_access_is_cheap, EFFICIENCY, 2, "costs"},
	{&an_exception_is_reflected_cheaply, EFFICIENCY, 2, "costs"},
	{&a_timer_interrupt_is_cheap, EFFICIENCY, 2, "costs"},
	{&a_system_call_costs_what_it_costs_bare, EFFICIENCY, 2, "costs"},
	{&predictions_about_traps_hold_on_this_monitor, EFFICIENCY, 5, "costs"},
	{0},
};
