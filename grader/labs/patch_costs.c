/* SPDX-License-Identifier: BSD-2-Clause */
/* Lab 4: what operations cost: patch_costs.h. */
#include "patch_costs.h"
#include "monitor_layout.h"

#define SELFTEST "run=selftest"
#define RUNS     12 /* each of LIMIT instructions at most */

void costs_of(const struct guest *guest, struct machine *m, struct costs *costs)
{
	costs->guest = guest;
	costs->count = guest_read_u32(guest, "patchcosts_operation_count");
	if (costs->count > OPERATIONS_MAX)
		infrastructure_error("raise OPERATIONS_MAX to %u", costs->count);
	guest_read(guest, "patchcosts_operations", costs->operation,
		costs->count * sizeof(costs->operation[0]));
	for (int round = 0; round < ROUNDS; round++)
		for (uint32_t o = 0; o < costs->count; o++) {
			if (registers(m)->pc != costs->operation[o].from)
				run_until(m, costs->operation[o].from);
			uint64_t cost = ticks_to(m, costs->operation[o].to);
			if (round == 0)
				costs->first[o] = costs->least[o] = cost;
			if (cost < costs->least[o])
				costs->least[o] = cost;
		}
}

uint32_t cost_number(const struct costs *costs, const char *label)
{
	char symbol[64];

	snprintf(symbol, sizeof(symbol), "patchcosts_%s", label);
	uint32_t from = guest_symbol(costs->guest, symbol);
	for (uint32_t o = 0; o < costs->count; o++)
		if (costs->operation[o].from == from)
			return o;
	infrastructure_error("patchcosts has no operation %s", label);
}

uint64_t selftest_cost(bool bare, const char *words, uint32_t *exits)
{
	char line[200];
	struct guest *guest = guest_open("pocket");

	snprintf(line, sizeof(line), "%s %s", words, SELFTEST);
	const struct boot_guest with_words = {guest, line};
	struct machine *m = bare ? boot_bare_with(&with_words) : boot_several(&with_words, 1);
	run_until(m, guest_symbol(guest, "kernel_main"));
	uint64_t start = registers(m)->instructions;
	int runs = 0;
	while (runs < RUNS && !run_until_or_for(m, guest_symbol(guest, "guest_done"), LIMIT))
		runs++;
	ck_assert_msg(runs < RUNS, "pocket's self-test does not end within %u instructions",
		RUNS * LIMIT);
	uint64_t taken = registers(m)->instructions - start;
	ck_assert_msg(strstr(console(m), "checks passed"),
		"pocket's self-test does not pass. It says:\n%s", console(m));
	if (!bare && exits)
		*exits = memory_read_u32(m, running_vcpu(m) + VCPU_EXITS_OFFSET);
	machine_end(m);
	return taken;
}
