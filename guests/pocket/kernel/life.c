/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How tasks begin, end and are waited for.
 *
 * A new task's stack looks as if it had been interrupted and then switched away from, so the
 * scheduler needs no special case for it. A task that has ended keeps its stack, on which it still
 * stands, and its status, until its parent has asked for it. The children of a task that ends get a
 * new parent, the first task.
 */
#include "cpu.h"
#include "frames.h"
#include "heap.h"
#include "panic.h"
#include "scheduler.h"
#include "string.h"
#include "traps.h"

/* As switch.asm leaves it. */
struct switch_frame {
	uint32_t edi, esi, ebx, ebp;
	uint32_t return_address;
};

/* What a new thread and a new program have on their stacks, from its end. */
struct thread_stack {
	struct switch_frame frame; /* returns to thread_begin(), */
	uint32_t caller;           /* which was called by no one */
	void (*function)(void);    /* with this argument */
};

struct program_stack {
	struct switch_frame frame; /* returns to trap_return(), */
	struct trap_frame trap;    /* which goes down to ring 3: task_trap_frame() */
};

static uint32_t last_id;
static struct task *first; /* parent of all that have lost theirs */

static struct task *task_allocate(const char *name)
{
	struct task *task = heap_allocate(sizeof(*task));

	if (!task)
		return NULL;
	memset(task, 0, sizeof(*task));
	task->stack = frames_allocate(TASK_STACK_SIZE / PAGE_SIZE);
	if (!task->stack) {
		heap_free(task);
		return NULL;
	}
	scheduler_guard_stack(task);
	string_copy(task->name, sizeof(task->name), name);
	return task;
}

/* Gives back what task_allocate() gave. */
static void task_free(struct task *task)
{
	frames_free(task->stack, TASK_STACK_SIZE / PAGE_SIZE);
	heap_free(task);
}

bool task_is_first(const struct task *task)
{
	return task == first;
}

struct trap_frame *task_trap_frame(const struct task *task)
{
	return (struct trap_frame *)(void *)(task->stack + TASK_STACK_SIZE) - 1;
}

/* The last `size` bytes of the task's stack, all zero: there task_switch() will find it. */
static void *task_stack(struct task *task, uint32_t size)
{
	uint8_t *end = task->stack + TASK_STACK_SIZE;

	task->stack_pointer = (uint32_t)(end - size);
	return memset(end - size, 0, size);
}

/* From here on the task can run. */
static int32_t task_enter(struct task *task)
{
	uint32_t flags = interrupts_disable();
	struct task *tasks = scheduler_tasks();

	task->id = ++last_id;
	task->parent = task_current();
	task->state = TASK_READY;
	while (tasks->next != scheduler_tasks())
		tasks = tasks->next;
	task->next = tasks->next;
	tasks->next = task;
	if (!first)
		first = task;
	uint32_t id = task->id;
	interrupts_restore(flags);
	return (int32_t)id;
}

static void thread_begin(void (*function)(void))
{
	interrupts_enable();
	function();
	task_exit(0);
}

int32_t task_start_thread(const char *name, void (*function)(void))
{
	struct task *task = task_allocate(name);

	if (!task)
		return ERROR_MEMORY;
	struct thread_stack *stack = task_stack(task, sizeof(*stack));
	stack->frame.return_address = (uint32_t)thread_begin;
	stack->function = function;
	return task_enter(task);
}

int32_t task_fork(void)
{
	struct task *parent = task_current(), *task = task_allocate(parent->name);

	if (!task)
		return ERROR_MEMORY;
	task->space = space_copy(parent->space);
	if (!task->space) {
		task_free(task);
		return ERROR_MEMORY;
	}
	files_share(&task->files, &parent->files);
	task->job = parent->job;
	struct program_stack *stack = task_stack(task, sizeof(*stack));
	stack->frame.return_address = (uint32_t)trap_return;
	stack->trap = *task_trap_frame(parent);
	stack->trap.eax = 0;
	return task_enter(task);
}

void task_exit(int32_t status)
{
	struct task *task = task_current();

	if (task == first)
		panic("%s ended", task->name);
	if (task->space) {
		struct space *space = task->space;
		task->space = NULL; /* from here on it is a kernel thread */
		space_load(NULL);
		space_destroy(space);
		files_close(&task->files);
	}
	interrupts_disable();
	for (struct task *t = task->next; t != task; t = t->next)
		if (t->parent == task)
			t->parent = first;
	task_wake(first); /* one of its new children may have ended long ago */
	task->status = status;
	task->state = TASK_ENDED;
	task_wake(task->parent);
	scheduler_run();
	panic("%s ran after its end", task->name);
}

/* Takes an ended task out of the circle, and gives back the rest of it. */
static void task_bury(struct task *task)
{
	struct task *before = task;

	while (before->next != task)
		before = before->next;
	before->next = task->next;
	task_free(task);
}

/* A child that has ended: the one with this id, or any with id 0. `any`: whether the running task
 * has such children at all. */
static struct task *ended_child(uint32_t id, bool *any)
{
	struct task *parent = task_current();

	*any = false;
	for (struct task *task = parent->next; task != parent; task = task->next) {
		if (task->parent != parent || (id != 0 && task->id != id))
			continue;
		*any = true;
		if (task->state == TASK_ENDED)
			return task;
	}
	return NULL;
}

int32_t task_wait(uint32_t id, int32_t *status)
{
	static struct lock lock = {.name = "wait"};
	uint32_t flags = lock_acquire(&lock);
	int32_t result = ERROR_NO_CHILD;
	struct task *child;
	bool any;

	while (!(child = ended_child(id, &any)) && any && !task_current()->killed)
		task_sleep(task_current(), &lock);
	if (child) {
		result = (int32_t)child->id;
		*status = child->status;
		task_bury(child);
	} else if (any) {
		result = ERROR_KILLED;
	}
	lock_release(&lock, flags);
	return result;
}

/* Interrupts are off. */
static void task_mark_killed(struct task *task)
{
	task->killed = true;
	if (task->state == TASK_SLEEPING)
		task->state = TASK_READY;
}

int32_t task_kill(uint32_t id)
{
	uint32_t flags = interrupts_disable();
	struct task *task = scheduler_tasks();
	int32_t result = ERROR_NO_TASK;

	do
		task = task->next;
	while (task != scheduler_tasks() && task->id != id);
	if (task == first) {
		result = ERROR_DENIED;
	} else if (task->id == id && task->space) {
		task_mark_killed(task);
		result = 0;
	}
	interrupts_restore(flags);
	return result;
}

bool task_kill_job(uint32_t job)
{
	uint32_t flags = interrupts_disable();
	bool any = false;

	for (struct task *task = scheduler_tasks()->next; task != scheduler_tasks();
		task = task->next) {
		if (task->job != job || task == first || !task->space)
			continue;
		task_mark_killed(task);
		any = true;
	}
	interrupts_restore(flags);
	return any;
}

int32_t task_status(uint32_t id, struct task_status *status)
{
	uint32_t flags = interrupts_disable();
	const struct task *found = NULL;

	for (struct task *task = scheduler_tasks()->next; task != scheduler_tasks();
		task = task->next)
		if (task->id >= id && (!found || task->id < found->id))
			found = task;
	if (found) {
		*status = (struct task_status){
			.id = found->id,
			.parent = found->parent->id,
			.job = found->job,
			.state = found->state,
		};
		string_copy(status->name, sizeof(status->name), found->name);
	}
	interrupts_restore(flags);
	return found ? (int32_t)status->id : ERROR_NO_TASK;
}
