/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that fills every register, traps once, and looks at every register again.
 *
 * What a monitor must give back after an exit is all of it: eight general registers, the flags with
 * the direction flag, four data segment registers. cases.asm does the work, one case after the
 * other, all through the same privileged instruction.
 */
#include "guest.h"
#include "registers.h"
#include "x86.h"

#define STACK_SIZE 4096u

/* The only memory that a case's ESP may point into, at least 4 bytes above its start. */
uint8_t register_stack[STACK_SIZE] __attribute__((aligned(16)));

#define STACK_AT(offset) ((uint32_t)&register_stack[offset])

/*
 * Selectors are those of the table in cases.asm: register_selectors has them all. In `eflags` only
 * the bits of EFLAGS_STATUS and DF may be set.
 */
SEEDED struct register_case register_cases[REGISTER_CASES] = {
	{0x10000000, 0x10000001, 0x10000002, 0x10000003, STACK_AT(4096), 0x10000005, 0x10000006,
		0x10000007, 0, 0x10, 0x10, 0x10, 0x10},
	{0x21111111, 0x22222222, 0x23333333, 0x24444444, STACK_AT(4000), 0x26666666, 0x27777777,
		0x28888888, EFLAGS_DF, 0x18, 0x20, 0x2b, 0x33},
	{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, STACK_AT(2048), 0xffffffff, 0xffffffff,
		0xffffffff, EFLAGS_STATUS, 0x33, 0x2b, 0x20, 0x18},
	{0, 0, 0, 0, STACK_AT(4), 0, 0, 0, EFLAGS_STATUS | EFLAGS_DF, 0, 0, 0, 0},
	{0x80000000, 1, 0x7fffffff, 0xf0000000, STACK_AT(64), 0xf0000000, 0xefffffff, 0xf0000000,
		EFLAGS_CF | EFLAGS_ZF, 0x38, 0x40, 0x48, 0x10},
	{0xb8000, 0x1000, 0x3f8, 0x100000, STACK_AT(513), 0x7c00, 0x8900, 0xdeadbeef,
		EFLAGS_DF | EFLAGS_OF, 0x48, 0x38, 0, 0x43},
	{0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210, STACK_AT(1022), 0x0f0f0f0f, 0xf0f0f0f0,
		0x33cc33cc, EFLAGS_SF | EFLAGS_AF, 0x2b, 0x28, 0x30, 0x33},
	{0x13579bdf, 0x2468ace0, 0xcafe0001, 0xcafe0002, STACK_AT(3000), 0xcafe0003, 0xcafe0004,
		0xcafe0005, EFLAGS_PF | EFLAGS_DF, 0x20, 0, 0x18, 0x40},
};

/* What the registers held behind register_site. EFLAGS is whole: IF is not the guest's to choose.
 */
struct register_case register_results[REGISTER_CASES];

static uint32_t checksum(void)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < REGISTER_CASES; i++) {
		struct register_case result = register_results[i];
		const uint32_t *word = (const uint32_t *)&result;
		result.eflags &= EFLAGS_STATUS | EFLAGS_DF;
		for (unsigned at = 0; at < sizeof(result) / sizeof(*word); at++)
			sum = (sum << 1 | sum >> 31) ^ word[at];
	}
	return sum;
}

void kernel_main(uint32_t info)
{
	(void)info;
	register_cases_run();
	console_printf("registers %08x\n", checksum());
}
