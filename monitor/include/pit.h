/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's interval timer: the three counters of an Intel 8254 (data sheet 231164) at ports 40h to
 * 43h, and the PC's port 61h, which holds the gate of counter 2 and shows its output.
 *
 * Counter 0's output is IRQ 0. Counter 1 once asked for memory refresh. Counter 2 drives the
 * speaker.
 *
 * Nothing runs between accesses. A counter remembers when its count began and computes what it
 * holds from the time that has passed since, so it never drifts.
 */
#ifndef PIT_H
#define PIT_H

#include "types.h"

#define PIT_PORT      0x40 /* counter 0; counters 1 and 2, and the control word, follow */
#define PIT_COUNTERS  3
#define PIT_PORT_GATE 0x61

/* One counter, by the names of the data sheet. Counts are plain numbers here, also where the guest
 * reads and writes them in BCD; 65536 (10000 in BCD) is what it writes as 0. */
struct pit_counter {
	uint8_t mode;   /* 0 to 5 */
	uint8_t access; /* 1 low byte, 2 high byte, 3 low byte, then high byte */
	bool bcd;
	bool gate;
	bool written;        /* `next` has been, since the control word */
	bool null_count;     /* and not loaded since it was: the status bit */
	bool pending;        /* `next` is to be loaded, at `load` */
	bool running;        /* `count` has been loaded; else the counter holds `frozen` */
	bool paused;         /* GATE is low: `elapsed` clocks of the count are over */
	bool writing_high;   /* the next byte written is the high one */
	bool reading_high;   /* the next byte read is the high one */
	bool status_latched; /* `status` is to be read before anything else */
	uint8_t latched;     /* bytes of `latch` that are still to be read */
	uint8_t status;
	uint8_t low;      /* the low byte that waits for its high one */
	uint16_t latch;   /* as the guest reads it */
	uint32_t count;   /* what is counted down from */
	uint32_t next;    /* the count register: what was written last */
	uint32_t frozen;  /* a count */
	uint64_t start;   /* when `count` was loaded, in machine time (clock.h) */
	uint64_t load;    /* when `next` will be; CLOCK_NEVER: when GATE rises */
	uint64_t elapsed; /* while paused */
};

struct pit {
	struct pit_counter counter[PIT_COUNTERS];
	uint8_t port61;     /* the bits that are kept: gate, speaker, the two parity enables */
	uint64_t next_edge; /* when counter 0's output rises next, or CLOCK_NEVER */
};

struct vm;

void pit_attach(struct vm *vm, uint64_t now);

/* Raises IRQ 0 if counter 0's output has risen since it was asked last: once, however often. */
void pit_advance(struct vm *vm, uint64_t now);

/* ---- one counter (pit_counter.c); no time goes back between two calls ---- */

/* A control word for it: mode, access and BCD. It stops, and forgets what was latched. */
void counter_control(struct pit_counter *counter, uint8_t word, uint64_t now);

void counter_write(struct pit_counter *counter, uint8_t byte, uint64_t now);
uint8_t counter_read(struct pit_counter *counter, uint64_t now);
void counter_latch_count(struct pit_counter *counter, uint64_t now);
void counter_latch_status(struct pit_counter *counter, uint64_t now);
void counter_set_gate(struct pit_counter *counter, bool gate, uint64_t now);

/* Its OUT pin. */
bool counter_out(struct pit_counter *counter, uint64_t now);

/* When OUT rises next, after `now`, if nothing is written until then; or CLOCK_NEVER. */
uint64_t counter_next_edge(struct pit_counter *counter, uint64_t now);

/* The same, where the edge before was at `last`: nearly always one period behind it. */
uint64_t counter_edge_after(struct pit_counter *counter, uint64_t last, uint64_t now);

/* `value` modulo `divisor`, which is 65536 at most. */
uint32_t clock_remainder(uint64_t value, uint32_t divisor);

#endif
