/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lab 1's operations cost, in instructions. Not graded: `make bench` prints it, and the graded
 * tests' budgets are set from it.
 */
#include "bench.h"
#include "rings_tests.h"

#define BOOT_RECORD 0x7c00 /* where the BIOS jumps */

/* The ticks until the machine has come to an address. */
START_TEST(from_power_on_to_the_guest)
{
	struct guest *guest = guest_open("hello");
	struct machine *bare = power_on_bare(guest), *m = power_on(guest);
	uint32_t entry = guest_symbol(guest, "guest_start");

	measure("BIOS, to the boot record", ticks_to(m, BOOT_RECORD));
	measure("boot sectors, to the monitor's first instruction",
		ticks_to(m, monitor_symbol("start_loaded")));
	run_until(m, monitor_symbol("monitor_main"));
	measure("monitor, to the guest's first instruction", ticks_to(m, entry));
	run_until(bare, BOOT_RECORD);
	measure("boot sectors, to the bare guest's first instruction", ticks_to(bare, entry));
}
END_TEST

/* One CLI, cut into its parts. The least of several: the timer may come in between. */
START_TEST(one_exit)
{
	struct guest *guest = guest_open("registers");
	struct machine *m = boot(guest);
	uint64_t door = UINT64_MAX, empty = UINT64_MAX, whole = UINT64_MAX;

	for (int i = 0; i < 8; i++) {
		run_until(m, guest_symbol(guest, "register_site"));
		uint64_t start = ticks(m);
		uint64_t stub = ticks_to(m, monitor_symbol("world_exit"));
		uint64_t out = ticks_to(m, monitor_symbol("vm_exit"));
		uint32_t vm_exit_return = memory_read_u32(m, registers(m)->esp);
		uint64_t to_handler = ticks_to(m, monitor_symbol("handle_protection"));
		run_until(m, memory_read_u32(m, registers(m)->esp));
		uint64_t from_handler = ticks_to(m, vm_exit_return);
		uint64_t in = ticks_to(m, guest_symbol(guest, "register_after"));
		uint64_t end = ticks(m);

		if (out + in < door)
			door = out + in;
		if (stub + out + to_handler + from_handler + in < empty)
			empty = stub + out + to_handler + from_handler + in;
		if (end - start < whole)
			whole = end - start;
	}
	measure("world_exit and world_enter (bare: 0)", door);
	measure("exit and resume with an empty handler (bare: 0)", empty);
	measure("CLI: trapped, decoded, stepped over (bare: 1)", whole);
}
END_TEST

struct privileged_site {
	uint32_t address, next;
	char name[24];
	uint32_t flags;
};

#define SITES_MAX 64

/* Each privileged instruction, from the trap to the next one. Bare, each is one instruction. */
START_TEST(each_privileged_instruction_for_the_first_time)
{
	struct guest *guest = guest_open("privileged");
	struct privileged_site sites[SITES_MAX];
	uint32_t count = guest_read_u32(guest, "privileged_site_count");

	if (count > SITES_MAX)
		infrastructure_error("raise SITES_MAX to %u", count);
	guest_read(guest, "privileged_sites", sites, count * sizeof(*sites));
	struct machine *m = boot(guest);
	for (uint32_t i = 0; i + 1 < count; i++) {
		if (registers(m)->pc != sites[i].address) /* it may stand there already */
			run_until(m, sites[i].address);
		measure(sites[i].name, ticks_to(m, sites[i].next));
	}
}
END_TEST

START_TEST(ten_million_instructions)
{
	struct guest *guest = guest_open("compute");
	struct machine *bare = boot_bare(guest), *m = boot(guest);
	uint32_t begin = guest_symbol(guest, "compute_begin"),
		 end = guest_symbol(guest, "compute_end");

	run_until(bare, begin);
	run_until(m, begin);
	uint32_t interrupts = memory_read_u32(m, monitor_symbol("ticks"));
	uint64_t bare_ticks = ticks_to(bare, end), monitored = ticks_to(m, end);
	interrupts = memory_read_u32(m, monitor_symbol("ticks")) - interrupts;
	measure("compute loop, bare", bare_ticks);
	measure("compute loop, under the monitor", monitored);
	measure("more, in a million", (monitored - bare_ticks) * 1000000 / bare_ticks);
	measure("timer interrupts in the loop", interrupts);
	if (interrupts)
		measure("one timer interrupt (bare: none)", (monitored - bare_ticks) / interrupts);
}
END_TEST

const struct graded_test rings_bench_tests[] = {
	{&from_power_on_to_the_guest, EFFICIENCY, 0, NULL},
	{&one_exit, EFFICIENCY, 0, NULL},
	{&each_privileged_instruction_for_the_first_time, EFFICIENCY, 0, NULL},
	{&ten_million_instructions, EFFICIENCY, 0, NULL},
	{0},
};
