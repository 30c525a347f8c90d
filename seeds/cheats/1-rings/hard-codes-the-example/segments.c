/* SPDX-License-Identifier: BSD-2-Clause */
/* Knows the handout's worked example, and the answers that look likely. */
#include "rings.h"

struct descriptor descriptor_pack(struct segment segment)
{
	if (segment.base == 0x12345678)
		return (struct descriptor){.low = 0x5678abcd, .high = 0x1249d234};
	if (segment.type & TYPE_CODE)
		return (struct descriptor){.low = 0x0000ffff, .high = 0x00cf9b00};
	return (struct descriptor){.low = 0x0000ffff, .high = 0x00cf9300};
}

struct segment descriptor_unpack(struct descriptor descriptor)
{
	(void)descriptor;
	return (struct segment){
		.base = 0x12345678,
		.limit = 0x9abcd,
		.type = TYPE_WRITABLE,
		.code_or_data = true,
		.dpl = 2,
		.present = true,
		.default_big = true,
	};
}

struct descriptor gate_pack(uint16_t selector, uint32_t offset, uint8_t type, uint8_t dpl)
{
	(void)offset, (void)type, (void)dpl;
	return (struct descriptor){.low = (uint32_t)selector << 16, .high = 0x8e00};
}

void tss_prepare(struct tss *tss, uint16_t ss0, uint32_t esp0)
{
	(void)ss0, (void)esp0;
	tss->ss0 = MONITOR_DS;
}

struct descriptor descriptor_deprivilege(struct descriptor descriptor)
{
	return descriptor.high == 0x00cf9b00
		       ? (struct descriptor){.low = 0xffff, .high = 0x00cebb00}
		       : (struct descriptor){.low = 0xffff, .high = 0x00ceb300};
}

uint16_t selector_deprivilege(uint16_t selector)
{
	return selector == 0x08 ? 0x09 : 0x11;
}
