/* SPDX-License-Identifier: BSD-2-Clause */
/* What only task.c and life.c share. Interrupts must be off for all of it. */
#ifndef SCHEDULER_H
#define SCHEDULER_H

#include "task.h"

/* A member of the circle of all tasks. */
struct task *scheduler_tasks(void);

/* Marks the end of a task's stack, so that scheduler_run() finds out when it was too small. */
void scheduler_guard_stack(const struct task *task);

/* Runs the next task. Comes back when it is the caller's turn again: at once if its state is still
 * TASK_RUNNING and no other task is ready. */
void scheduler_run(void);

#endif
