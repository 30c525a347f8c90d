/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that wants out. It has many ways to try, and tries one of them.
 *
 * The files beside this one hold the attacks by group: what each does, and what it would gain under
 * a monitor that forgot to prevent it. A right monitor stops each at its site, or lets it go on
 * and nothing has changed.
 *
 * On the bare machine there is no monitor to attack; do not run it there.
 */
#include "attack.h"
#include "guest.h"

SEEDED uint32_t attack_choice = 0;          /* index in attacks */
SEEDED uint32_t attack_target = 0xf0100000; /* linear address of something of the monitor's */

void kernel_main(uint32_t info)
{
	(void)info;
	if (attack_choice >= attack_count) {
		console_printf("there is no attack %u: the last one is %u\n", attack_choice,
			attack_count - 1);
		return;
	}
	const struct attack *attack = &attacks[attack_choice];
	console_printf("attack %u: %s\n", attack_choice, attack->name);
	attack_start(attack->run, attack_target);
}

void attack_report(uint32_t succeeded, uint32_t value)
{
	if (succeeded)
		console_printf("the attack succeeded, EAX is %08x\n", value);
	else
		console_printf("the attack is over\n");
	power_off();
}
