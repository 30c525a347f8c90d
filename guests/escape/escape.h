/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the guest `escape` share, and what whoever watches it from outside reads.
 *
 * How an attack is written: a function of its own, and a line in attacks.def. It begins in ring 0
 * on a stack of its own, with paging on and the good tables of world.c, interrupts off. What it
 * sees it tells with see(), try_read() and the like. It owes nothing to anyone: whatever it leaves
 * behind, the world is made anew for the next. An exception that it did not ask for ends it.
 */
#ifndef ESCAPE_H
#define ESCAPE_H

#include "paging.h"
#include "random.h"

enum escape_kind {
	ESCAPE_ALIKE,    /* comes to its end, and sees what it sees on the bare machine */
	ESCAPE_MAY_END,  /* the same, or the monitor ends it */
	ESCAPE_CONFINED, /* what it sees is not defined: it only must do no harm */
	ESCAPE_ENDS,     /* the bare machine shuts down: the monitor must end it */
	ESCAPE_ENDLESS,  /* goes on for ever: its time must run out */
};

enum escape_group {
	ESCAPE_NONE,    /* number 0 is no attack: a kernel that behaves */
	ESCAPE_OUTSIDE, /* entries that lead out of memory: outside.c */
	ESCAPE_SELF,    /* tables that lead to themselves: self.c */
	ESCAPE_ROOTS,   /* CR3, and more of everything than a pool holds: roots.c */
	ESCAPE_MONITOR, /* linear addresses where the monitor lies: monitor.c */
	ESCAPE_WRITES,  /* every way of writing to a table in use: writes.c */
	ESCAPE_SHARED,  /* pages that are a table and something else: shared.c */
	ESCAPE_SWITCH,  /* paging on and off, CR4: switch.c */
	ESCAPE_FRAMES,  /* exceptions that the tables do not let in: frames.c */
	ESCAPE_STORMS,  /* nonsense, and loops without end: storms.c */
};

struct escape_attack {
	char name[36];
	uint32_t run; /* its function */
	uint32_t kind, group;
};

extern const struct escape_attack escape_attacks[];
extern const uint32_t escape_attack_count;

/* What an attack saw. `count` goes on where there is no room; `sum` has all. */
#define SEEN_MAX 400u
struct escape_seen {
	uint32_t state; /* SEEN_...; 0: not tried */
	uint32_t count, sum;
	uint32_t value[SEEN_MAX];
};
#define SEEN_BEGUN 1u /* and did not come back */
#define SEEN_OVER  2u
#define SEEN_FELL  3u /* ended by an exception: it is seen last, with CR2 and EIP */

#define ATTACKS_MAX 200u
extern struct escape_seen escape_seen[ATTACKS_MAX];

/* Which attack; or all of kind ESCAPE_ALIKE, one after the other. */
#define ESCAPE_TOUR 0xffffffffu
extern SEEDED uint32_t escape_choice;
extern SEEDED uint32_t escape_target;  /* a linear address of the monitor's */
extern SEEDED uint32_t escape_machine; /* a machine address of the monitor's, 4 MiB or more */
extern SEEDED uint32_t escape_seed;

/* For breakpoints: an attack begins; it came to its end, or to an exception. */
void escape_begin(uint32_t number);
void escape_over(uint32_t number);

/* ---- for attacks: escape.c ---- */

void see(uint32_t value);

/* One access by the kernel, or by a user. Seen: what was read (written: 0; called: what the code
 * returned in EAX). Of a fault: SEEN_FAULT with vector and error code, then CR2. */
#define SEEN_FAULT(vector, error) (0xfa000000u | (vector) << 16 | (error))
/* Reads and writes, and only tells whether there was a fault. */
void access_quietly(uint32_t address);
uint32_t try_read(uint32_t address);
void try_write(uint32_t address, uint32_t value);
void try_call(uint32_t address);
void try_segment(uint16_t selector, uint32_t offset); /* reads, writes back */
/* MOV to CR0 or CR4. Seen: whether there was a fault. */
void try_cr0(uint32_t value);
void try_cr4(uint32_t value);
uint32_t user_read(uint32_t address);
void user_write(uint32_t address, uint32_t value);
void user_call(uint32_t address);

/* A user's code at `entry`: what it left in EAX, or its fault. */
void user_go(uint32_t entry, uint32_t ebx, uint32_t eax);

/* Where users are, and where the processor pushes what happens to them. */
extern uint8_t user_stack[PAGE_SIZE];

/* ---- the world: world.c ---- */

#define MEMORY_END 0x00400000u /* of a guest with mem=4 */
#define POOL       0x00200000u /* frames for attacks that need many: nothing else is there */
#define POOL_END   0x003f0000u
#define LOW        0x00020000u /* free frames under 640 KiB */
#define SCREEN     0x000b8000u
#define WINDOW     0x00800000u /* linear addresses that are the attack's own, from here on */
#define MARK       0x5ca1ab1eu

/* Turns paging off, and makes tables and registers as they are when an attack begins. */
void world_make(void);

extern uint32_t world_root; /* the directory; below 4 MiB everything is identity, for users too */

/* A frame that is all 0, for a table or for data, until the attack ends. One whose words all are
 * `value`. */
uint32_t frame_new(void);
uint32_t frame_filled(uint32_t value);

/* Maps a page in a directory, with a new table where there is none. */
void map(uint32_t root, uint32_t linear, uint32_t frame, uint32_t bits);

/* Makes a frame a directory with the identity part, and nothing else. */
void root_fill(uint32_t frame);

static inline uint32_t *words(uint32_t address)
{
	return (uint32_t *)address;
}

#define ATTACK(name, kind, group) void name(void);
#include "attacks.def"
#undef ATTACK

#endif
