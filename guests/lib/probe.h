/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Probes: a few instructions that run in a known state, end in an exception or an interrupt, and
 * leave everything that a program can know of the processor then.
 *
 * A guest that uses them has its probes in a table (probe.inc), and whoever compares the guest with
 * itself on another machine compares the outcomes. A probe that nothing else stops ends with
 * INT PROBE_END.
 *
 * Probes run with the tables of kernel.h. All vectors are taken by the recorder.
 */
#ifndef PROBE_H
#define PROBE_H

#include "kernel.h"

#define PROBE_END  0x60 /* an interrupt gate with DPL 3 */
#define PROBES_MAX 352

struct probe {
	uint32_t code;    /* its first instruction */
	uint32_t ring;    /* 0 or 3 */
	uint32_t eflags;  /* as it begins */
	uint32_t prepare; /* a function to call before, in ring 0, or 0 */
	char name[40];
};

/* In the order of PUSHA. */
struct general_registers {
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
};

struct outcome {
	struct general_registers registers;               /* as the probe left them */
	uint32_t vector, error_code, eip, cs, eflags, ss; /* ss: of ring 3, else 0 */
	uint32_t frame;                                   /* where the processor began to push */
	uint32_t cr0, cr2, cr3, cr4;
	uint32_t dr[4], dr6, dr7;
};

/* The guest's own. */
extern const struct probe probe_table[];
extern const uint32_t probe_count;

/* What general registers probes begin with; ESP does not count. */
extern SEEDED struct general_registers probe_registers;

/* The outcomes, and how many there are so far. */
extern struct outcome probe_outcomes[PROBES_MAX];
extern volatile uint32_t probes_done;

/* The end of it is where ESP is when a probe begins, in both rings. */
#define PROBE_STACK_SIZE 4096u
extern uint8_t probe_stack[PROBE_STACK_SIZE];

/* Loads the library's tables, with all interrupts of the 8259s masked. */
void probes_init(void);

/* Runs one: `frame` is the state that it begins in. Afterwards CR0 is PE and
 * ET, CR4 is 0, and no breakpoint is on, as before. */
void probe_run(struct frame *frame, struct outcome *outcome);

/* Runs the whole table, calling `reset` before each probe, and prints a line with a checksum. */
void probes_run(const char *name, void (*reset)(void));

/* Adds to a checksum. */
uint32_t probe_sum(uint32_t sum, const void *data, size_t size);

#endif
