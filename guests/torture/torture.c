/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk: a step is one action, drawn by its weight, and accesses after it.
 *
 * A seed gives the same walk on every machine on which paging is what the model says. At the first
 * difference the guest says so and ends.
 */
#include "torture.h"

SEEDED uint32_t torture_seed = 0x2545f491;
SEEDED uint32_t torture_steps = 2048;

struct state state;

static uint32_t weights_add(void)
{
	uint32_t total = 0;

	for (uint32_t i = 0; i < torture_action_count; i++)
		total += torture_actions[i].weight;
	return total;
}

static void step_do(uint32_t weights)
{
	uint32_t drawn = random_below(weights);

	for (state.action = 0; drawn >= torture_actions[state.action].weight; state.action++)
		drawn -= torture_actions[state.action].weight;
	state.focus = 0;
	record_action((uint8_t)state.action);
	torture_actions[state.action].function();
	for (uint32_t i = 1 + random_below(3); i > 0; i--)
		access_random();
}

void kernel_main(uint32_t info)
{
	static uint8_t home[2 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
	uint32_t steps = torture_steps, weights = weights_add();

	(void)info;
	kernel_tables_load();
	frames_init(home, 2);
	state.kernel_pde = *pde_at(paging_directory(), 0);
	access_init();
	memset((void *)ARENA, 0, ARENA_END - ARENA);
	random_state = torture_seed ? torture_seed : 1;
	spaces_init();
	if (steps > TORTURE_STEPS_MAX)
		steps = TORTURE_STEPS_MAX;
	for (state.step = 0; state.step < steps; state.step++) {
		step_do(weights);
		if (state.step % TORTURE_BLOCK == TORTURE_BLOCK - 1)
			block_end();
	}
	paging_off();
	console_printf("torture: %u steps, %u records, %08x\n", steps, torture_record_count,
		torture_records[(torture_record_count - 1) % TORTURE_RECORDS].sum);
}
