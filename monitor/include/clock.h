/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine time, which every device of every guest is driven by.
 *
 * It is counted in periods of the 8254's input clock since the monitor's start (8254 data sheet: a
 * PC feeds it 1.193182 MHz), as 64 bits: it never wraps.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include "types.h"

#define CLOCK_HZ    1193182u
#define CLOCK_NEVER UINT64_MAX

/* Now. */
uint64_t clock_now(void);

#endif
