/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that goes back: IRET and RET far to ring 0 and to ring 3 in both operand sizes, loads of
 * SS in every form, and every way in which each of these can fault (Intel SDM volume 2, IRET, RET,
 * MOV, POP, LDS/LES/LFS/LGS/LSS; volume 3A, 5.8.6). probes.asm has the instructions, this file the
 * segments that they name.
 */
#include "probe.h"
#include "returns.h"

/* 16-bit stacks, and code that 16 bits of EIP can reach, are in segments with a base. */
uint8_t returns_stack16[0x10000] __attribute__((aligned(16)));
extern const uint8_t returns_near_code[], returns_near_user[]; /* probes.asm */

static void segment(
	uint16_t selector, uint32_t base, uint32_t limit, uint32_t access, uint32_t flags)
{
	kernel_gdt[selector / 8] = descriptor_make(base, limit, access, flags);
}

static void segments_fill(void)
{
	const uint32_t absent = ~0x80u, small = (SMALL_END >> 12) - 1;

	segment(CODE_ABSENT, 0, LIMIT_MAX, ACCESS_CODE & absent, FLAT);
	segment(CODE_ABSENT_3, 0, LIMIT_MAX, (ACCESS_CODE | ACCESS_DPL(3)) & absent, FLAT);
	segment(CODE_CONFORMING, 0, LIMIT_MAX, ACCESS_CODE | TYPE_CONFORMING, FLAT);
	segment(CODE_NEAR, (uint32_t)returns_near_code, 0xff, ACCESS_CODE, FLAG_BIG);
	segment(CODE_NEAR_3, (uint32_t)returns_near_user, 0xff, ACCESS_CODE | ACCESS_DPL(3),
		FLAG_BIG);
	segment(DATA_SMALL, 0, small, ACCESS_DATA, FLAT);
	segment(DATA_SMALL_3, 0, small, ACCESS_DATA | ACCESS_DPL(3), FLAT);
	segment(DATA_ABSENT, 0, LIMIT_MAX, ACCESS_DATA & absent, FLAT);
	segment(DATA_ABSENT_3, 0, LIMIT_MAX, (ACCESS_DATA | ACCESS_DPL(3)) & absent, FLAT);
	segment(DATA_READ_ONLY, 0, LIMIT_MAX, ACCESS_DATA & ~TYPE_WRITABLE, FLAT);
	segment(DATA_READ_ONLY_3, 0, LIMIT_MAX, (ACCESS_DATA & ~TYPE_WRITABLE) | ACCESS_DPL(3),
		FLAT);
	segment(DATA_BASE, BASE, (SMALL_END >> 12) - 1, ACCESS_DATA, FLAT);
	segment(DATA_16, (uint32_t)returns_stack16, 0xffff, ACCESS_DATA, 0);
	segment(DATA_DOWN, (uint32_t)returns_stack16, 0xff, ACCESS_DATA | TYPE_EXPAND_DOWN, 0);
}

static void reset(void)
{
	for (unsigned i = 0; i < sizeof(returns_stack16) / 4; i += 16)
		((uint32_t *)returns_stack16)[i] = 0;
}

void kernel_main(uint32_t info)
{
	(void)info;
	segments_fill();
	probes_init();
	probes_run("returns", reset);
	console_printf("stack %08x\n", probe_sum(0, returns_stack16, sizeof(returns_stack16)));
}
