/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One critical section, run again and again with interrupts off and on, and a checksum of the page
 * that its code lies in before and behind it. Whatever a monitor puts into the code, the guest must
 * not read it there (labs/4-patch/walk.gdb).
 */
#include "kernel.h"

#define ROUNDS    8u
#define PAGE_SIZE 4096u

volatile uint32_t section_count;
uint32_t section_sums[2]; /* the page's, before and behind */
uint32_t section_wrong;   /* how often IF was not what it had been */
uint32_t section_other;   /* how often the code was not what it is when it is read through CS */

uint32_t section_run(void);
uint8_t section_peek(void);

#define PUSHF 0x9c

static uint32_t page_sum(void)
{
	const uint8_t *page = (const uint8_t *)((uint32_t)section_run & ~(PAGE_SIZE - 1));
	uint32_t sum = 0;

	for (uint32_t i = 0; i < PAGE_SIZE; i++)
		sum = (sum << 3 | sum >> 29) + page[i];
	return sum;
}

static uint32_t interrupt_flag(void)
{
	uint32_t flags;

	__asm__ volatile("pushf\n\tpop %0" : "=r"(flags));
	return flags & EFLAGS_IF;
}

static void rounds_run(uint32_t expected)
{
	for (uint32_t i = 0; i < ROUNDS; i++) {
		section_run();
		section_wrong += interrupt_flag() != expected;
		section_other += section_peek() != PUSHF;
	}
}

__attribute__((noinline)) void section_done(void)
{
	console_printf("%u rounds, IF was wrong behind %u\n", section_count, section_wrong);
	console_printf("the code is %s\n",
		section_sums[0] == section_sums[1] && !section_other ? "the same" : "another");
}

void kernel_main(uint32_t info)
{
	(void)info;
	kernel_tables_load();
	pic_init(0x20, 0x28);
	section_sums[0] = page_sum();
	rounds_run(0);
	interrupts_enable();
	rounds_run(EFLAGS_IF);
	interrupts_disable();
	section_sums[1] = page_sum();
	section_done();
}
