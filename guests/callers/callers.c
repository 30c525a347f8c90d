/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest whose calls of its firmware are odd or hostile (monitor/include/pal.h): addresses that
 * are not there, counts without end, firmware of its own, garbage where the firmware keeps what it
 * needs. On the bare machine an odd call ends as the instruction that it stands for. What harms,
 * the guest does to itself alone.
 *
 * Without a judge it behaves.
 */
#include "callers.h"

SEEDED uint32_t callers_part = PART_BEHAVE;
SEEDED uint32_t callers_seed = 0x2545f491;
SEEDED uint32_t callers_rounds = 10;
SEEDED uint32_t callers_choice; /* of the part */

/* Its results are ten each round that are not random. */
void behave_run(void)
{
	uint32_t *page = page_new(WINDOW, PAGE_KERNEL_WRITE), other = frame_take();
	uint32_t entry = (uint32_t)pte_at(directory, WINDOW);

	for (uint32_t i = 0; i < callers_rounds; i++) {
		uint32_t value = random_u32(), back = *pte_at(directory, WINDOW);
		struct pal_update update = {entry, other | PAGE_KERNEL_WRITE, WINDOW};
		*page = ~value;
		*(uint32_t *)other = value;
		pal_update(&update, 1);
		result_check("a page that was exchanged", *page, value);
		update.value = back;
		pal_update(&update, 1);
		result_check("- and back", *page, ~value);
		pal_unmask();
		result_check("the flag", pal_mask() & EFLAGS_IF, EFLAGS_IF);
		result_check("- cleared", pal_flags() & EFLAGS_IF, 0);
	}
}

void kernel_main(uint32_t info)
{
	static void (*const parts[])(void) = {behave_run, faults_run, gates_run, rewrite_run,
		numbers_run, ticks_run, hold_run, monitor_run, data_run, tables_run};

	(void)info;
	random_seed(callers_seed);
	kernel_tables_load();
	pic_init(TICK_VECTOR, TICK_VECTOR + 8);
	pic_mask(0xffff);
	try_init();
	memory_begin();
	parts[callers_part]();
	results_print("callers");
}
