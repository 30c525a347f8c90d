/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of attacks, as hostile.asm lays it out. */
#ifndef ATTACK_H
#define ATTACK_H

#include <stdint.h>

enum attack_kind {
	/* Must raise the exception `vector` at `site`. Where it goes on, it comes to the label
	 * attack_succeeded, with what it read, if it read, in EAX. */
	ATTACK_FAULTS,
	/* May go on, and then comes to the label attack_over. Nothing real may have changed. Where
	 * it sees for itself that something did, it comes to attack_succeeded. `site` is the
	 * instruction that matters, `vector` its exception, with which the monitor is entered. */
	ATTACK_CONFINED,
	/* Never ends: `site` is in the loop. Someone must end the guest. */
	ATTACK_ENDLESS,
};

/* What an attack goes through: one file of attacks each. */
enum attack_group {
	GROUP_MEMORY,     /* flat segments: memory.inc, stack.inc */
	GROUP_SEGMENTS,   /* segments of the guest's own: own_segments.inc */
	GROUP_SELECTORS,  /* the monitor's selectors: selectors.inc */
	GROUP_TRANSFERS,  /* jumps, calls, returns, tasks: transfers.inc */
	GROUP_INTERRUPTS, /* INT n: interrupts.inc */
	GROUP_CONTROL,    /* the processor's own state: control.inc */
	GROUP_PORTS,      /* devices: ports.inc */
	GROUP_USER,       /* from ring 3: user.inc */
};

struct attack {
	char name[32];
	uint32_t run;  /* where it begins */
	uint32_t site; /* the address that the processor saves with the exception */
	uint32_t vector;
	uint32_t kind;
	uint32_t group;
};

extern const struct attack attacks[];
extern const uint32_t attack_count;

/* Runs an attack on a linear address. */
_Noreturn void attack_start(uint32_t run, uint32_t target);

/* Where attacks end that come back, in C. */
_Noreturn void attack_report(uint32_t succeeded, uint32_t value);

#endif
