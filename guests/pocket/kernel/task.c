/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler: which task runs, round robin.
 *
 * Its lock is the interrupt flag itself: the circle of tasks and their states are touched only with
 * interrupts off. task_switch() is called with interrupts off, and comes back with them off; each
 * task restores its own flags behind it. How tasks begin and end is in life.c.
 */
#include "task.h"

#include "cpu.h"
#include "gdt.h"
#include "panic.h"
#include "scheduler.h"

extern uint8_t boot_stack[]; /* start.asm */

#define STACK_GUARD 0x57ac6a4d

void task_switch(uint32_t *stack_pointer, uint32_t next_stack_pointer); /* switch.asm */

/* The idle task is always in the circle, and runs when no other can. */
static struct task idle = {.name = "idle", .state = TASK_RUNNING, .next = &idle};
static struct task *current = &idle;
static bool turn_is_over;

void tasks_init(void)
{
	idle.stack = boot_stack;
	scheduler_guard_stack(&idle);
}

struct task *task_current(void)
{
	return current;
}

struct task *scheduler_tasks(void)
{
	return &idle;
}

bool task_owns_stack(const struct task *task, const void *address)
{
	uint32_t offset = (uint32_t)address - (uint32_t)task->stack;

	return offset <= TASK_STACK_SIZE - 2 * sizeof(uint32_t);
}

/* The lowest word of a kernel stack. A stack that has grown too far has overwritten it. */
static uint32_t *stack_guard(const struct task *task)
{
	return (uint32_t *)(void *)task->stack;
}

void scheduler_guard_stack(const struct task *task)
{
	*stack_guard(task) = STACK_GUARD;
}

/* The first ready task behind the current one; without any, the current one, or the idle task. */
static struct task *task_choose(void)
{
	for (struct task *task = current->next; task != current; task = task->next)
		if (task->state == TASK_READY && task != &idle)
			return task;
	return current->state == TASK_RUNNING ? current : &idle;
}

void scheduler_run(void)
{
	struct task *last = current, *next = task_choose();

	turn_is_over = false;
	if (*stack_guard(last) != STACK_GUARD)
		panic("the kernel stack of %s was too small", last->name);
	if (next == last)
		return;
	if (last->state == TASK_RUNNING)
		last->state = TASK_READY;
	next->state = TASK_RUNNING;
	current = next;
	gdt_set_kernel_stack((uint32_t)next->stack + TASK_STACK_SIZE);
	if (next->space)
		space_load(next->space); /* a kernel thread runs in any */
	task_switch(&last->stack_pointer, next->stack_pointer);
}

void task_yield(void)
{
	uint32_t flags = interrupts_disable();

	scheduler_run();
	interrupts_restore(flags);
}

void task_sleep(const void *channel, struct lock *lock)
{
	if (current == &idle || !lock->held)
		panic("%s cannot sleep here", current->name);
	lock->held = false; /* but interrupts stay off until another task runs */
	current->channel = channel;
	current->state = TASK_SLEEPING;
	scheduler_run();
	lock->held = true; /* no one else holds it: a holder does not switch tasks */
}

void task_wake(const void *channel)
{
	uint32_t flags = interrupts_disable();

	for (struct task *task = idle.next; task != &idle; task = task->next) {
		if (task->state != TASK_SLEEPING || task->channel != channel)
			continue;
		task->state = TASK_READY;
		if (current == &idle)
			turn_is_over = true;
	}
	interrupts_restore(flags);
}

void task_end_turn(void)
{
	turn_is_over = true;
}

void task_preempt(void)
{
	if (turn_is_over)
		scheduler_run();
}

void task_idle(void)
{
	for (;;) {
		task_yield();
		interrupts_enable_and_halt();
	}
}
