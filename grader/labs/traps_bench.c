/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lab 2's operations cost, in instructions and exits, beside the bare machine. Not graded:
 * `make bench` prints it, and the graded tests' budgets are set from it.
 */
#include "bench.h"
#include "traps_tests.h"

#define ROUNDS            8 /* of costs.asm */
#define OPERATIONS        6
#define LOOP_INSTRUCTIONS 3 /* of its loop that the timer interrupts */

/* Each from the trap to the guest's next instruction; the least of all rounds. */
START_TEST(each_operation)
{
	static const struct {
		const char *name, *from, *to;
	} operations[OPERATIONS] = {
		{"CLI", "costs_cli", "costs_after_cli"},
		{"STI", "costs_sti", "costs_after_sti"},
		{"IN from the UART", "costs_in", "costs_after_in"},
		{"divide error, to the handler", "costs_divide", "costs_divide_handler"},
		{"its handler, and back by IRET", "costs_divide_handler", "costs_after_divide"},
		{"write to a table in force", "costs_write", "costs_after_write"},
	};
	uint64_t least[2][OPERATIONS];
	struct guest *guest = guest_open("costs");
	struct machine *machines[] = {boot_bare(guest), boot(guest)};
	char name[96];

	memset(least, 0xff, sizeof(least));
	for (int round = 0; round < ROUNDS; round++)
		for (size_t o = 0; o < OPERATIONS; o++)
			for (int i = 0; i < 2; i++) {
				uint32_t from = guest_symbol(guest, operations[o].from);
				if (registers(machines[i])->pc != from)
					run_until(machines[i], from);
				uint64_t cost = ticks_to(
					machines[i], guest_symbol(guest, operations[o].to));
				if (cost < least[i][o])
					least[i][o] = cost;
			}
	for (size_t o = 0; o < OPERATIONS; o++) {
		snprintf(name, sizeof(name), "%s (bare: %llu)", operations[o].name,
			(unsigned long long)least[0][o]);
		measure(name, least[1][o]);
	}
}
END_TEST

/* What one of the timer's interrupts takes from a loop that counts its turns. */
static uint64_t interrupt_cost(struct machine *m, const struct guest *guest)
{
	run_until(m, guest_symbol(guest, "costs_timer_begin"));
	uint64_t all = ticks_to(m, guest_symbol(guest, "costs_timer_end"));
	uint64_t loops = (uint64_t)registers(m)->ebx * LOOP_INSTRUCTIONS;
	return (all - loops) / guest_read_u32(guest, "costs_interrupts");
}

START_TEST(interrupts_and_system_calls)
{
	struct guest *guest = guest_open("costs");
	struct machine *bare = boot_bare(guest), *m = boot(guest);
	uint32_t calls = guest_read_u32(guest, "costs_calls"),
		 closed = guest_read_u32(guest, "costs_closed_calls");
	static const char *const names[] = {"bare", "under the monitor"};
	char name[96];

	for (int i = 0; i < 2; i++) {
		struct machine *machine = i ? m : bare;
		snprintf(name, sizeof(name), "a timer interrupt, its end and its IRET, %s",
			names[i]);
		measure(name, interrupt_cost(machine, guest));
		run_until(machine, guest_symbol(guest, "costs_calls_begin"));
		snprintf(name, sizeof(name), "a hundred system calls by a trap gate, %s", names[i]);
		measure(name,
			ticks_to(machine, guest_symbol(guest, "costs_calls_end")) * 100 / calls);
		run_until(machine, guest_symbol(guest, "costs_closed_begin"));
		snprintf(name, sizeof(name), "a hundred by an interrupt gate, %s", names[i]);
		measure(name,
			ticks_to(machine, guest_symbol(guest, "costs_closed_end")) * 100 / closed);
	}
}
END_TEST

const struct graded_test traps_bench_tests[] = {
	{&each_operation, EFFICIENCY, 0, NULL},
	{&interrupts_and_system_calls, EFFICIENCY, 0, NULL},
	{0},
};
