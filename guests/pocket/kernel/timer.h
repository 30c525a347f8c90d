/* SPDX-License-Identifier: BSD-2-Clause */
/* Time since the start, in ticks: interrupts of the 8254. */
#ifndef TIMER_H
#define TIMER_H

#include <stdint.h>

#define TICKS_PER_SECOND      100u
#define MILLISECONDS_PER_TICK (1000u / TICKS_PER_SECOND)

void timer_init(void);

/* Waits for a tick, and panics where none comes: everything that sleeps would sleep for ever.
 * Interrupts must be on. */
void timer_check(void);

/* `function` is called at each tick from now on, with interrupts off. There is room for one. */
void timer_attach(void (*function)(void));

/* Since timer_init(). Wraps after 497 days. */
uint32_t timer_ticks(void);

/* Lets other tasks run for at least so long, unless the running one is killed. */
void timer_sleep(uint32_t milliseconds);

#endif
