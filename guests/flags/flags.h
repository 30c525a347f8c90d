/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest `flags` leaves beside probe_outcomes (probe.h) and results (results.h). */
#ifndef FLAGS_H
#define FLAGS_H

#include "probe.h"
#include "results.h"

/* ---- trace.c: what single steps and breakpoints saw ---- */

#define FLAGS_STEPS 4096
struct flags_step {
	uint32_t eip;
	uint32_t eflags; /* as the frame has them, without RF */
	uint32_t dr6;
	uint32_t esp;
};
extern struct flags_step flags_trace[FLAGS_STEPS];
extern uint32_t flags_trace_count;

void trace_run(void);

/* ---- critical.c: critical sections, and a timer that does not wait ---- */

extern SEEDED uint32_t flags_divisor; /* clocks of the 8254 from one interrupt to the next */
extern SEEDED uint32_t flags_ticks;   /* interrupts that each part waits for */

void critical_run(void);

#endif
