/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest with a user: its kernel goes down to ring 3, and a user's program computes there.
 *
 * Under a monitor the kernel is in ring 1 and its user in ring 3, where it thinks that it is: the
 * user cannot tell. There is no way back, for the kernel has no IDT. The user's program ends in a
 * loop at user_done.
 */
#include "guest.h"

SEEDED uint32_t user_seed = 27;
volatile uint32_t user_result; /* how many steps Collatz's sequence takes from the seed to 1 */

_Noreturn void user_enter(void); /* ring.asm */

void kernel_main(uint32_t info)
{
	(void)info;
	console_printf("going to ring 3\n");
	user_enter();
}
