/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest escape, as guests/escape/escape.h has it, and what its attacks saw. */
#ifndef SHADOW_ATTACKS_H
#define SHADOW_ATTACKS_H

#include "machines.h"

enum attack_kind {
	ATTACK_ALIKE,    /* comes to its end, and sees what it sees on the bare machine */
	ATTACK_MAY_END,  /* the same, or the monitor ends it */
	ATTACK_CONFINED, /* what it sees is not defined: it only must do no harm */
	ATTACK_ENDS,     /* the bare machine shuts down: the monitor must end it */
	ATTACK_ENDLESS,  /* goes on for ever: its time must run out */
};

enum attack_group {
	ATTACKS_NONE,
	ATTACKS_OUTSIDE,
	ATTACKS_SELF,
	ATTACKS_ROOTS,
	ATTACKS_MONITOR,
	ATTACKS_WRITES,
	ATTACKS_SHARED,
	ATTACKS_SWITCH,
	ATTACKS_FRAMES,
	ATTACKS_STORMS,
};

struct attack {
	char name[36];
	uint32_t run, kind, group;
};

#define ATTACKS_MAX 200
#define ATTACK_TOUR 0xffffffffu /* escape_choice: all that are ATTACK_ALIKE */

#define SEEN_MAX 400
struct seen {
	uint32_t state, count, sum;
	uint32_t value[SEEN_MAX];
};
#define SEEN_NOT_TRIED 0
#define SEEN_BEGUN     1

/* The guest's table of attacks; returns how many there are. */
uint32_t attacks_read(const struct guest *guest, struct attack table[ATTACKS_MAX]);

/* Fails the test where an attack saw, or came to, something else than on the bare machine. */
void seen_compare(const struct attack *attack, const struct seen *bare, const struct seen *got);

/* Fails the test where that is not what the attack's kind allows, once its guest is over. */
void attack_judge(const struct attack *attack, const struct seen *bare, const struct seen *got,
	const char *monitor_says);

#endif
