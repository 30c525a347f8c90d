/* SPDX-License-Identifier: BSD-2-Clause */
/* The time of day: read once from the CMOS clock, then carried on by the timer. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

void clock_init(void);

/* Seconds since 1970-01-01 00:00, in the zone that the CMOS clock keeps. */
uint32_t clock_now(void);

/* The date and time of the start, for people. */
void clock_print(void);

#endif
