/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest with tables, interrupts and devices of its own, all of which it abuses. It has many ways,
 * and tries one of them. A right monitor ends it with a report, or goes on with nothing changed;
 * the next guest does not notice.
 *
 * With number 0 it is that next guest: a small kernel that behaves, and prints what it computed.
 */
#include "rogue.h"
#include "guest.h"

SEEDED uint32_t rogue_choice = 0;          /* index in rogue_attacks */
SEEDED uint32_t rogue_target = 0xf0100000; /* linear address of something of the monitor's */
SEEDED uint32_t rogue_seed = 1;            /* of the nonsense, and of the computation */

void kernel_main(uint32_t info)
{
	(void)info;
	if (rogue_choice >= rogue_attack_count) {
		console_printf("there is no attack %u: the last one is %u\n", rogue_choice,
			rogue_attack_count - 1);
		return;
	}
	const struct rogue_attack *attack = &rogue_attacks[rogue_choice];
	if (attack->group == ROGUE_NONE) {
		console_printf("computed %08x\n", rogue_behave(rogue_seed));
		return;
	}
	console_printf("attack %u: %s\n", rogue_choice, attack->name);
	rogue_start(attack->run, rogue_target, rogue_seed);
}

void rogue_report(uint32_t succeeded, uint32_t value)
{
	if (succeeded)
		console_printf("the attack succeeded, EAX is %08x\n", value);
	else
		console_printf("the attack is over\n");
	power_off();
}
