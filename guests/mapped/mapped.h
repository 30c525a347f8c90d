/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest `mapped` leaves for whoever compares it with itself on another machine. */
#ifndef MAPPED_H
#define MAPPED_H

#include "probe.h"

/* Where an operand is: its address is in EBX when a probe begins. */
struct mapped_place {
	char name[40];
	uint32_t operand; /* linear address; the guest fills it in */
	uint32_t flags;
};

#define PLACE_PAGED  1u /* paging is on */
#define PLACE_FAULTS 2u /* the page that is meant, or the one behind it, may fault */

#define PLACE_ALONE 4u /* no memory near it */

#define MAPPED_PLACES     15
#define MAPPED_PROBES_MAX 1600

#define MAPPED_AGAIN 3 /* doublewords: at the operand, 4 and 12 bytes behind it */

/* What one probe left in one place. */
struct mapped_record {
	struct general_registers registers;
	uint32_t vector, error_code, eip, eflags;
	uint32_t cr2;                 /* it was 0 before */
	uint32_t memory;              /* checksum: the buffer, and the memory beside the operand */
	uint32_t again[MAPPED_AGAIN]; /* the operand afterwards, by the kernel; 0 where that may
					 fault */
	uint32_t floating; /* checksum: the x87, MMX and SSE registers, without the next three */
	uint32_t x87_opcode, x87_eip, x87_operand;
};

extern struct mapped_place mapped_place_table[MAPPED_PLACES];

/* The record of a probe in a place is number place * probe_count + probe. Of one that was left out
 * (the place is not in mapped_places; the probe has no sense in this place) `eip` is 0. */
extern struct mapped_record mapped_records[MAPPED_PLACES * MAPPED_PROBES_MAX];

/* A bit for each place that is to be tried, what general registers and EFLAGS begin with, and what
 * the bytes of memory are drawn from. */
extern SEEDED uint32_t mapped_places;
extern SEEDED struct general_registers mapped_registers;
extern SEEDED uint32_t mapped_eflags;
extern SEEDED uint32_t mapped_pattern;

#endif
