/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks: everything that runs. A kernel thread has only a stack in the kernel; a program has
 * besides that its own memory and runs in ring 3 there. Both are preempted at the end of their
 * turn.
 */
#ifndef TASK_H
#define TASK_H

#include "abi.h"
#include "gdt.h"
#include "lock.h"

#define TASK_NAME_MAX   16
#define TASK_STACK_SIZE 8192u

enum task_state {
	TASK_READY,    /* could run */
	TASK_RUNNING,  /* only one */
	TASK_SLEEPING, /* until someone wakes its channel */
	TASK_ENDED,    /* until its parent has asked for its status */
};

struct task {
	uint32_t id; /* from 1; the idle task has 0 */
	char name[TASK_NAME_MAX];
	enum task_state state;
	const void *channel; /* where it sleeps */

	uint8_t *stack;         /* its lowest byte */
	uint32_t stack_pointer; /* while it does not run: see switch.asm */
	struct gdt gdt;

	uint8_t *memory; /* a program's; NULL for a kernel thread */
	uint32_t memory_size;

	struct task *parent;
	int32_t status;    /* once it has ended */
	struct task *next; /* all tasks form a circle */
};

/* Makes what runs now, on the stack from start.asm, the idle task. Interrupts are off. */
void tasks_init(void);

struct task *task_current(void);

/* Both return the new task's id, or ERROR_MEMORY. The program's memory, `size` bytes that are whole
 * pages, now belongs to the task. It begins at `entry` with its stack at the end of its memory. */
int32_t task_start_thread(const char *name, void (*function)(void));
int32_t task_start_program(const char *name, uint8_t *memory, uint32_t size, uint32_t entry);

_Noreturn void task_exit(int32_t status);

/* Sleeps until a child of the running task ends. Returns its id, or ERROR_NO_CHILD. */
int32_t task_wait(int32_t *status);

/* Lets another task run, if one is ready. */
void task_yield(void);

/*
 * Sleeps on a channel, which is any address that sleeper and waker agree on. The caller holds
 * `lock`, which protects what it waits for. The lock is given up while it sleeps, in one step with
 * falling asleep, so that no waking is lost. Whoever wakes up must look again: others may have been
 * faster.
 */
void task_sleep(const void *channel, struct lock *lock);

/* Wakes all that sleep there. */
void task_wake(const void *channel);

/* The running task's turn is over: task_preempt() will let the next one run. */
void task_end_turn(void);

/* At the end of each interrupt. */
void task_preempt(void);

/* Runs whatever is ready, and halts the processor while nothing is. */
_Noreturn void task_idle(void);

/* Two words at `address` lie on the task's stack. */
bool task_owns_stack(const struct task *task, const void *address);

#endif
