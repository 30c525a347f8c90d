/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that wants at what its monitor puts beside its code: the flag that is shared, the copies,
 * the blocks, the pool that they come from (Intel SDM volume 3A, 5.3 and 5.11). On the bare machine
 * none of this is there, and the guest comes to its end; under a monitor it must too, or be ended
 * alone. Some parts are no attacks but hard work: what they compute can be foretold.
 *
 * Without a judge it behaves.
 */
#include "intruder.h"

SEEDED uint32_t intruder_part = PART_BEHAVE;
SEEDED uint32_t intruder_seed = 0x2545f491;
SEEDED uint32_t intruder_rounds = 100;

/* Each time it sees EFLAGS 2 with IF, and 2 without. */
uint32_t critical_wanted(uint32_t times)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < times; i++) {
		sum = (sum << 1 | sum >> 31) + 0x202;
		sum = (sum << 1 | sum >> 31) + 0x002;
	}
	return sum;
}

static void behave_run(void)
{
	for (uint32_t i = 0; i < intruder_rounds; i++) {
		uint32_t times = 1 + random_below(20);
		result_check("critical sections", try_call((uint32_t)critical, times),
			critical_wanted(times));
	}
}

void kernel_main(uint32_t info)
{
	static void (*const parts[])(void) = {
		behave_run, shared_run, reach_run, middle_run, above_run, flood_run, storm_run};

	(void)info;
	random_seed(intruder_seed);
	kernel_tables_load();
	pic_init(0x20, 0x28);
	try_init();
	parts[intruder_part]();
	results_print("intruder");
}
