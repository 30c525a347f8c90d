/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel that shares its processor among tasks: the pieces and what they tell each other.
 *
 *   ticker.c  tasks, the timer that takes turns among them, system calls
 *   output.c  the queue of characters that the UART's interrupts empty
 *   user.c    what the tasks do in ring 3
 */
#ifndef TICKER_H
#define TICKER_H

#include <stdint.h>

#define TASKS     4
#define TASK_DATA 64 /* doublewords of seeded data for each task */

/* ---- system calls: the number in EAX, one argument in EBX, the answer in EAX ---- */

enum ticker_call {
	CALL_PUT,      /* a character for the console */
	CALL_COMPUTED, /* the task's result, once */
	CALL_TURN,     /* 1: all have computed, and the tasks with lower numbers have ended */
	CALL_END,
};

/* ---- what whoever judges looks at ---- */

struct ticker_counters {
	uint32_t ticks;            /* interrupts of the timer */
	uint32_t ticks_in_kernel;  /* of which a system call was interrupted */
	uint32_t switches;         /* from one task to another */
	uint32_t preempted[TASKS]; /* how often the timer took the processor from a task */
	uint32_t calls;
	uint32_t serial_interrupts;
};

extern struct ticker_counters ticker_counters;
extern volatile uint32_t ticker_data[TASKS][TASK_DATA];
extern volatile uint32_t ticker_rounds; /* how often each task goes through its data */

/* ---- user.c: entered with the task's number in EAX ---- */

extern const uint8_t ticker_user_entry[];

/* ---- output.c ---- */

void output_init(void);
/* Waits where the queue is full. Interrupts must be on. */
void output_put(uint8_t byte);
/* Waits until all has left the UART. Interrupts must be on. */
void output_flush(void);

#endif
