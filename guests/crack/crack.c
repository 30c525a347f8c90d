/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The crack in the wall. Some instructions show or change privileged state and do not trap in an
 * outer ring: on x86 a guest's kernel can find out that it is not in ring 0.
 *
 * On the bare machine it says ring 0, and that CLI cleared IF. In ring 1 MOV from CS shows the
 * real ring, and PUSHF the real IF, which a monitor never lets go off.
 */
#include "guest.h"
#include "x86.h"

uint32_t crack_ring;         /* the privilege level that CS shows */
uint32_t crack_flags_before; /* EFLAGS that PUSHF shows, before CLI and after it */
uint32_t crack_flags_after;

static uint32_t cs_read(void)
{
	uint16_t cs;

	__asm__ volatile("mov %%cs, %0" : "=r"(cs));
	return cs;
}

static uint32_t eflags_read(void)
{
	uint32_t eflags;

	__asm__ volatile("pushf\n\tpop %0" : "=r"(eflags));
	return eflags;
}

static void interrupts_disable(void)
{
	__asm__ volatile("cli");
}

void kernel_main(uint32_t info)
{
	(void)info;
	crack_ring = cs_read() & SELECTOR_RPL;
	crack_flags_before = eflags_read();
	interrupts_disable();
	crack_flags_after = eflags_read();

	console_printf("my code runs in ring %u\n", crack_ring);
	console_printf("IF before CLI: %u\n", crack_flags_before & EFLAGS_IF ? 1 : 0);
	console_printf("IF after CLI: %u\n", crack_flags_after & EFLAGS_IF ? 1 : 0);
	console_printf("CLI cleared IF: %s\n", crack_flags_after & EFLAGS_IF ? "no" : "yes");
}
