/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of what the guest `rogue` can do, as rogue.asm lays it out. */
#ifndef ROGUE_H
#define ROGUE_H

#include <stdint.h>

enum rogue_kind {
	/* The monitor must end it: it never comes to rogue_over. */
	ROGUE_ENDS,
	/* May go on, and then comes to rogue_over; or is ended. */
	ROGUE_CONFINED,
	/* Goes on for ever: its time must run out. */
	ROGUE_ENDLESS,
};

/* What it is that an attack abuses. */
enum rogue_group {
	ROGUE_NONE,      /* number 0 is no attack: a kernel that behaves */
	ROGUE_STORMS,    /* interrupts: off for ever, too many, never ended: storms.inc */
	ROGUE_GATES,     /* the IDT and its gates: gates.inc */
	ROGUE_OPEN,      /* gates that users may pass, and IDTR: gates.inc */
	ROGUE_TABLES,    /* where the GDT is, and what appears in it: segments_own.inc */
	ROGUE_REGISTERS, /* segment registers in use, rings between, gates, tasks: segments_own.inc
			  */
	ROGUE_LOCAL,     /* LDT and TSS: segments_own.inc */
	ROGUE_INNER,     /* the stack for ring 0, and the map of ports: segments_own.inc */
	ROGUE_FRAMES,    /* where frames go: stacks.inc */
	ROGUE_RETURNS,   /* where frames come from, and TF: stacks.inc */
	ROGUE_CONTROL,   /* control, debug and model-specific registers: control.inc */
	ROGUE_DEVICES,   /* nonsense for every device: devices.inc */
	ROGUE_TRACED,    /* writes to tables that the monitor watches: traced.inc */
};

struct rogue_attack {
	char name[32];
	uint32_t run; /* where it begins */
	uint32_t kind;
	uint32_t group;
};

extern const struct rogue_attack rogue_attacks[];
extern const uint32_t rogue_attack_count;

/* Loads good tables and runs the code at `run`. `target` is a linear address of the monitor's. */
_Noreturn void rogue_start(uint32_t run, uint32_t target, uint32_t seed);

/* Where an attack ends that comes back, in C. */
_Noreturn void rogue_report(uint32_t succeeded, uint32_t value);

/* The kernel that behaves (behave.inc): three interrupts of the timer, a computation in ring 3. */
uint32_t rogue_behave(uint32_t seed);

#endif
