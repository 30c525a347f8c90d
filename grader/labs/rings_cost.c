/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 1, graded tests of efficiency: Popek and Goldberg's third property. The guest's own
 * instructions run on the processor itself; an exit is rare and short. And the predictions,
 * measured on this very monitor.
 */
#include "rings_tests.h"

/* Budgets in instructions, from the reference's figures (`make bench`) with room. */
#define DOOR_BUDGET        46  /* world_exit and world_enter; the reference takes 23 */
#define PRIVILEGED_BUDGET  400 /* a CLI: trapped, decoded, stepped over */
#define EXTRA_PER_THOUSAND 1   /* of a computation */

static uint64_t compute_ticks(struct machine *m, const struct guest *guest)
{
	run_until(m, guest_symbol(guest, "compute_begin"));
	uint64_t begin = ticks(m);
	run_until(m, guest_symbol(guest, "compute_end"));
	return ticks(m) - begin;
}

START_TEST(computing_costs_what_it_costs_bare)
{
	struct guest *guest = guest_open("compute");

	guest_write_u32(guest, "compute_seed", random_u32());
	uint64_t bare = compute_ticks(boot_bare(guest), guest);
	uint64_t monitored = compute_ticks(boot(guest), guest);
	hint("Only the timer should interrupt this guest. Each of its exits should be short.");
	ck_assert_msg(monitored * 1000 <= bare * (1000 + EXTRA_PER_THOUSAND),
		"the loop takes %llu instructions bare and %llu under this monitor: more than %d in a thousand on top",
		(unsigned long long)bare, (unsigned long long)monitored, EXTRA_PER_THOUSAND);
}
END_TEST

START_TEST(the_guest_itself_runs)
{
	struct guest *guest = guest_open("compute");
	unsigned in_monitor = 0;

	guest_write_u32(guest, "compute_seed", random_u32());
	struct machine *m = boot(guest);
	run_until(m, guest_symbol(guest, "compute_begin"));
	for (int i = 0; i < 24; i++) {
		run_for(m, 10000 + random_below(300000));
		const struct bochs_registers *r = registers(m);
		if (r->cpl == 0) {
			in_monitor++;
			continue;
		}
		ck_assert_msg(r->cpl == 1 && guest_has_code_at(guest, r->pc),
			"while the guest computes, the processor was found in ring %u at %08x, which is not the guest's code",
			r->cpl, r->pc);
	}
	hint("A monitor runs its guest, it does not interpret it.");
	ck_assert_msg(in_monitor <= 2,
		"at %u of 24 random moments the processor was in the monitor, not in the guest",
		in_monitor);
}
END_TEST

/* The instructions of one exit by CLI, and of enter.asm alone in it. */
struct exit_cost {
	uint64_t whole, door;
};

static struct exit_cost exit_cost(void)
{
	struct guest *guest = guest_open("registers");
	struct machine *m = boot(guest);
	uint32_t site = guest_symbol(guest, "register_site"),
		 after = guest_symbol(guest, "register_after");
	struct exit_cost best = {UINT64_MAX, UINT64_MAX};

	/* the least of several: the timer may come in between */
	for (int i = 0; i < 8; i++) {
		run_until(m, site);
		uint64_t start = ticks(m);
		run_until(m, monitor_symbol("world_exit"));
		uint64_t out = ticks(m);
		run_until(m, monitor_symbol("vm_exit"));
		uint64_t called = ticks(m);
		run_until(m, memory_read_u32(m, registers(m)->esp));
		uint64_t returned = ticks(m);
		run_until(m, after);
		uint64_t end = ticks(m), door = called - out + (end - returned);
		if (end - start < best.whole)
			best.whole = end - start;
		if (door < best.door)
			best.door = door;
	}
	return best;
}

START_TEST(the_door_is_short)
{
	uint64_t door = exit_cost().door;

	ck_assert_msg(door <= DOOR_BUDGET,
		"world_exit and world_enter take %llu instructions for one exit; the budget is %d",
		(unsigned long long)door, DOOR_BUDGET);
}
END_TEST

START_TEST(a_privileged_instruction_is_cheap)
{
	uint64_t whole = exit_cost().whole;

	measure("instructions_of_a_cli", whole);
	ck_assert_msg(whole <= PRIVILEGED_BUDGET,
		"a CLI takes %llu instructions from the trap to the guest's next instruction; the budget is %d",
		(unsigned long long)whole, PRIVILEGED_BUDGET);
}
END_TEST

/* The exceptions that hello takes to show a word of that length, as Bochs records them. */
static unsigned hello_exits(size_t word_length)
{
	struct guest *guest = guest_open("hello");
	char word[16] = "";
	const struct bochs_event *events;
	unsigned exits = 0;

	for (size_t i = 0; i < word_length; i++)
		word[i] = (char)('a' + random_below(26));
	guest_write(guest, "hello_word", word, sizeof(word));
	struct machine *m = boot(guest);
	run_until(m, guest_symbol(guest, "kernel_main"));
	trace_begin(m);
	run_until(m, guest_symbol(guest, "guest_done"));
	size_t count = trace_end(m, &events);
	for (size_t i = 0; i < count; i++)
		exits += events[i].kind == BOCHS_EXCEPTION && events[i].delivered;
	return exits;
}

/* What each further character costs, of a word that is on the console once and on the screen once.
 */
static unsigned exits_per_ten_characters(void)
{
	unsigned long_word = hello_exits(12), short_word = hello_exits(2);
	return long_word - short_word;
}

START_TEST(only_ports_cost_exits)
{
	unsigned exits = exits_per_ten_characters();

	hint("For each character the guest asks the line status register, then writes it. The screen is memory.");
	ck_assert_msg(exits == 20,
		"ten more characters, on console and screen, cost %u exits; 20 are needed", exits);
}
END_TEST

/* ---- predictions ---- */

/* What the processor pushes when a CLI traps: from the TSS's ESP0 down to the first ESP. */
static uint64_t measured_bytes_pushed(void)
{
	struct guest *guest = guest_open("registers");
	struct machine *m = boot(guest);
	struct trap trap;
	int stopped_at;

	run_until(m, guest_symbol(guest, "register_site"));
	ck_assert_msg(run_until_trap(m, NULL, 0, &trap, &stopped_at), "the CLI did not trap");
	return memory_read_u32(m, registers(m)->tr.base + 4) - registers(m)->esp;
}

static uint64_t measured_code_limit(void)
{
	struct guest *guest = guest_open("hello");
	struct machine *m = boot(guest);

	run_until(m, guest_symbol(guest, "kernel_main"));
	return registers(m)->cs.limit;
}

static uint64_t measured_ring(void)
{
	struct guest *guest = guest_open("crack");
	struct machine *m = boot(guest);

	run_until(m, guest_symbol(guest, "guest_done"));
	return memory_read_u32(m, guest_symbol(guest, "crack_ring"));
}

static uint64_t measured_exits_per_character(void)
{
	return exits_per_ten_characters() / 10;
}

static uint64_t measured_door(void)
{
	return exit_cost().door;
}

START_TEST(predictions_hold_on_this_monitor)
{
	static const struct prediction predictions[] = {
		{"code_limit", measured_code_limit},
		{"bytes_pushed", measured_bytes_pushed},
		{"exits_per_character", measured_exits_per_character},
		{"door_instructions", measured_door},
		{"ring_seen", measured_ring},
	};

	assert_predictions(predictions, sizeof(predictions) / sizeof(predictions[0]));
}
END_TEST

const struct graded_test rings_cost_tests[] = {
	{&computing_costs_what_it_costs_bare, EFFICIENCY, 3, "compute"},
	{&the_guest_itself_runs, EFFICIENCY, 3, "compute"},
	{&the_door_is_short, EFFICIENCY, 2, "registers"},
	{&a_privileged_instruction_is_cheap, EFFICIENCY, 2, "registers"},
	{&only_ports_cost_exits, EFFICIENCY, 2, "hello"},
	{&predictions_hold_on_this_monitor, EFFICIENCY, 5, "hello"},
	{0},
};
