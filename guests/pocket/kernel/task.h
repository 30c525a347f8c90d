/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks: everything that runs. A kernel thread has only a stack in the kernel; a program has
 * besides that an address space and runs in ring 3 there. Both are preempted at the end of their
 * turn.
 */
#ifndef TASK_H
#define TASK_H

#include "abi.h"
#include "file.h"
#include "lock.h"
#include "space.h"
#include "traps.h"

#define TASK_STACK_SIZE 8192u

struct task {
	uint32_t id; /* from 1; the idle task has 0 */
	char name[TASK_NAME_MAX];
	enum task_state state;
	const void *channel; /* where it sleeps */

	uint8_t *stack;         /* its lowest byte */
	uint32_t stack_pointer; /* while it does not run: see switch.asm */

	struct space *space; /* a program's; NULL for a kernel thread */
	struct files files;  /* a program's */
	bool killed;         /* it must end before it runs in ring 3 again */
	uint32_t job;        /* what Ctrl-C ends together */

	struct task *parent;
	int32_t status;    /* once it has ended */
	struct task *next; /* all tasks form a circle */
};

/* Makes what runs now, on the stack from start.asm, the idle task. Interrupts are off. */
void tasks_init(void);

struct task *task_current(void);

/* A new kernel thread. Returns its id, or ERROR_MEMORY. */
int32_t task_start_thread(const char *name, void (*function)(void));

/* A copy of the running program, which returns 0 from its system call. Returns its id, or
 * ERROR_MEMORY. */
int32_t task_fork(void);

_Noreturn void task_exit(int32_t status);

/* Sleeps until a child of the running task has ended: the one with this id, or any with id 0.
 * Returns its id, or ERROR_NO_CHILD; ERROR_KILLED if the running task itself is to end. */
int32_t task_wait(uint32_t id, int32_t *status);

/*
 * A program is to end. It does so on its way back to ring 3. It is woken if it sleeps: who sleeps
 * until something happens that may never happen looks at `killed` too, and gives up. 0;
 * ERROR_NO_TASK where no program has this id; ERROR_DENIED for the first task.
 */
int32_t task_kill(uint32_t id);

/* The same for all programs of a job, which is not 0. False: there is none. */
bool task_kill_job(uint32_t job);

/* Tells about the task with the lowest id from `id` on. Returns that id, or ERROR_NO_TASK. */
int32_t task_status(uint32_t id, struct task_status *status);

/* The first task, the parent of all that have lost theirs. It never ends. */
bool task_is_first(const struct task *task);

/* The registers of a program in ring 3, while it is in a system call or an exception. */
struct trap_frame *task_trap_frame(const struct task *task);

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
