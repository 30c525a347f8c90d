/* SPDX-License-Identifier: BSD-2-Clause */
/* What a guest's operations cost: costs.h. */
#include "costs.h"

void costs_of(const struct guest *guest, const char *name, struct machine *m, struct costs *costs)
{
	char symbol[64];

	costs->guest = guest;
	costs->name = name;
	snprintf(symbol, sizeof(symbol), "%s_operation_count", name);
	costs->count = guest_read_u32(guest, symbol);
	if (costs->count > OPERATIONS_MAX)
		infrastructure_error("raise OPERATIONS_MAX to %u", costs->count);
	snprintf(symbol, sizeof(symbol), "%s_operations", name);
	guest_read(guest, symbol, costs->operation, costs->count * sizeof(costs->operation[0]));
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

	snprintf(symbol, sizeof(symbol), "%s_%s", costs->name, label);
	uint32_t from = guest_symbol(costs->guest, symbol);
	for (uint32_t o = 0; o < costs->count; o++)
		if (costs->operation[o].from == from)
			return o;
	infrastructure_error("%s has no operation %s", costs->name, label);
}
