/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the guest `callers`, and what they share. */
#ifndef CALLERS_H
#define CALLERS_H

#include "kernel.h"
#include "paging.h"
#include "pal_call.h"
#include "random.h"
#include "results.h"

enum callers_part {
	PART_BEHAVE,
	PART_FAULTS,  /* addresses where nothing is, or that are not to be written */
	PART_GATES,   /* INT 82h anywhere but in the firmware */
	PART_REWRITE, /* firmware of the guest's own, in the code page and in its place */
	PART_NUMBERS, /* hypercalls that there are not */
	PART_TICKS,   /* lists and texts without end, with interrupts */
	PART_HOLD,    /* and with none */
	PART_MONITOR, /* addresses that the monitor has */
	PART_DATA,    /* garbage in the data page */
	PART_TABLES,  /* the processor's tables in the data page */
};

extern SEEDED uint32_t callers_part, callers_seed, callers_rounds, callers_choice;

void behave_run(void);
void faults_run(void);
void gates_run(void);
void rewrite_run(void);
void numbers_run(void);
void ticks_run(void);
void hold_run(void);
void monitor_run(void);
void data_run(void);
void tables_run(void);

/* ---- try.c: calls that may go wrong ---- */

/* How one ended: the vector, END_VECTOR where it returned; and what was in the registers. */
struct outcome {
	uint32_t vector, error_code, address; /* CR2, of a page fault */
	uint32_t eax, ecx, edx, flag;         /* IF */
	uint32_t eip;
};

#define END_VECTOR  0x83
#define CALL_VECTOR 0x82
#define TICK_VECTOR 0x20

/* The handlers, and the timer: not before paging is as it is to be. */
void try_init(void);
void try_timer(void);
extern volatile uint32_t try_ticks_left; /* that many ticks end a call; 0: none does */

/* Runs a frame; one of ring 0 on that stack, where it finds what is in its user_esp. */
struct outcome try_frame(struct frame frame);

/* Calls code in ring 0, on a stack of its own. IF as in `eflags`; interrupts are off behind it. */
struct outcome try_code(uint32_t code, uint32_t eax, uint32_t edx, uint32_t ecx, uint32_t eflags);
struct outcome try_pal(unsigned operation, uint32_t edx, uint32_t ecx, uint32_t eflags);

/* Notes it as results: the vector, and what else can be compared. */
void outcome_note(const char *name, const struct outcome *outcome);

/* ---- memory ---- */

#define WINDOW 0x00800000u /* linear addresses of the guest's own */

/* Paging is on, with the kernel's 4 MiB and nothing else. */
extern uint32_t directory;
void memory_begin(void);

/* A new page at a linear address. */
uint32_t *page_new(uint32_t linear, uint32_t bits);

/* ---- code.asm ---- */

extern const uint8_t code_end[];                    /* INT 83h: a call returns here */
extern const uint8_t code_call[], code_call_user[]; /* INT 82h, RET */
extern const uint8_t code_slot_user[];              /* in ring 3: CALL EAX */
extern const uint8_t code_touch[];                  /* reads and writes [EAX] */
extern const uint8_t other_pal[PAGE_SIZE];          /* firmware of the guest's own */
#define OTHER_CALL 11                               /* its slot with INT 82h, RET */

#endif
