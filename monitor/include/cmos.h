/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's clock and the memory beside it: a Motorola MC146818A (data sheet) at ports 70h and 71h,
 * with 128 bytes. The first ten are time, alarm and date, in the format that register B names; four
 * are its registers A to D; the rest is memory, filled as the BIOS of a PC leaves it.
 *
 * Time is that of the machine's own clock when the guest was made, and goes on with machine time.
 */
#ifndef CMOS_H
#define CMOS_H

#include "types.h"

#define CMOS_PORT 0x70 /* the address; the data follow */
#define CMOS_SIZE 128

struct cmos {
	uint8_t address;           /* bit 7: the PC's mask of NMI */
	uint8_t memory[CMOS_SIZE]; /* registers 0 to 0Dh first, each as the guest reads it */
	uint64_t second;           /* when the running second began, in machine time (clock.h) */
	uint64_t period;           /* when the next periodic event comes, or CLOCK_NEVER */
	uint64_t deadline;         /* when an interrupt of its comes by itself, or CLOCK_NEVER */
};

struct vm;

void cmos_attach(struct vm *vm, uint64_t now);
void cmos_advance(struct vm *vm, uint64_t now);

#endif
