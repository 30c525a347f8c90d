/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 1, segments.c: the descriptors that keep a guest in its ring and below the monitor.
 *
 * rings.h is the contract. Intel SDM volume 3A: 3.4.5 (segment descriptors), 3.5 (system
 * descriptors), 5.3 (limit checking), 6.11 (gates), 7.2.1 (the TSS).
 */
#include "rings.h"

struct descriptor descriptor_pack(struct segment segment)
{
	/* YOUR CODE HERE */
	(void)segment;
	organ_unwritten(__func__);
}

struct segment descriptor_unpack(struct descriptor descriptor)
{
	/* YOUR CODE HERE */
	(void)descriptor;
	organ_unwritten(__func__);
}

struct descriptor gate_pack(uint16_t selector, uint32_t offset, uint8_t type, uint8_t dpl)
{
	/* YOUR CODE HERE */
	(void)selector, (void)offset, (void)type, (void)dpl;
	organ_unwritten(__func__);
}

void tss_prepare(struct tss *tss, uint16_t ss0, uint32_t esp0)
{
	/* YOUR CODE HERE */
	(void)tss, (void)ss0, (void)esp0;
	organ_unwritten(__func__);
}

struct descriptor descriptor_deprivilege(struct descriptor descriptor)
{
	/* YOUR CODE HERE */
	(void)descriptor;
	organ_unwritten(__func__);
}

uint16_t selector_deprivilege(uint16_t selector)
{
	/* YOUR CODE HERE */
	(void)selector;
	organ_unwritten(__func__);
}
