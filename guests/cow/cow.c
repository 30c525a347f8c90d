/* SPDX-License-Identifier: BSD-2-Clause */
/* What the processes of several generations came to: the same on every machine, whoever ran first.
 */
#include "cow.h"

SEEDED uint32_t cow_seed = 0x2545f491;
SEEDED uint32_t cow_generations = 4;
SEEDED uint32_t cow_children = 2;
SEEDED uint32_t cow_timer = 0;

void kernel_main(uint32_t info)
{
	(void)info;
	kernel_tables_load();
	spaces_init();
	uint32_t before = frames_free();
	processes_run();
	for (uint32_t i = 0; i < GENERATIONS_MAX && cow_results[i].processes; i++)
		console_printf("cow: generation %u: %u processes, %08x\n", i,
			cow_results[i].processes, cow_results[i].digest);
	if (cow_timer == 0) /* with a timer this depends on who ran first */
		console_printf("cow: %u pages zeroed, %u read as zeros, %u copied, %u taken over\n",
			cow_counts.zeroed, cow_counts.zero_shared, cow_counts.copied,
			cow_counts.taken_over);
	console_printf("cow: %u frames were lost\n", before - frames_free());
}
