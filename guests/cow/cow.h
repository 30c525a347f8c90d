/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest cow: a small kernel whose processes have address spaces of their own. fork() copies
 * nothing but tables; a page is copied when one of its owners writes it (Intel SDM volume 3A, 4.6
 * to 4.8; 4.10.4). Memory that was never written is filled with zeros when it is touched.
 */
#ifndef COW_H
#define COW_H

#include "paging.h"

/* What a process can have: data from DATA on, and a stack that ends at STACK_END. */
#define DATA        0x40000000u
#define DATA_PAGES  17u
#define STACK_END   0x60000000u
#define STACK_PAGES 4u

/* System calls: INT 80h, number in EAX, argument in EBX. */
enum system_calls {
	CALL_FORK, /* where the child's number goes, in the parent; 1 there, 0 in the child */
	CALL_WAIT, /* where a child's value goes; 1, or 0 where there is no child */
	CALL_EXIT, /* the value */
	CALL_FAIL, /* an address at which something else was expected */
};

/* A seed for what the processes write, generations below the first process, and how often each
 * process forks. What the timer counts from (data sheet 82C54, mode 2); 0: no timer. */
extern SEEDED uint32_t cow_seed, cow_generations, cow_children, cow_timer;

#define GENERATIONS_MAX 8u
#define PROCESSES       40u

/* By generation: processes that have ended, and the sum of what they ended with. */
struct cow_generation {
	uint32_t processes, digest;
};
extern struct cow_generation cow_results[GENERATIONS_MAX];

/* How often a page was filled with zeros, copied, or left to its last owner; a zero page was shared
 * for reading. */
struct cow_counts {
	uint32_t zeroed, copied, taken_over, zero_shared;
};
extern struct cow_counts cow_counts;

/* ---- program.c: ring 3. EAX: the seed, EDX: generations, ECX: children ---- */

__attribute__((regparm(3))) void cow_program(
	uint32_t seed, uint32_t generations, uint32_t children);

/* ---- space.c: address spaces ---- */

void spaces_init(void);
uint32_t space_new(void);                /* a directory */
uint32_t space_fork(uint32_t directory); /* of the running process; shares all of its pages */
void space_free(uint32_t directory);     /* not in CR3 */

/* A page fault: false where the process may not do that. */
bool space_fault(uint32_t directory, uint32_t linear, uint32_t error_code);

/* ---- process.c ---- */

/* Runs the first process and all that come of it, until it has ended. */
void processes_run(void);

#endif
