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
	struct trap_frame trap;    /* which goes down to ring 3 */
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
	string_copy(task->name, sizeof(task->name), name);
	return task;
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
	gdt_fill(&task->gdt, 0, 0);
	struct thread_stack *stack = task_stack(task, sizeof(*stack));
	stack->frame.return_address = (uint32_t)thread_begin;
	stack->function = function;
	return task_enter(task);
}

int32_t task_start_program(const char *name, uint8_t *memory, uint32_t size, uint32_t entry)
{
	struct task *task = task_allocate(name);

	if (!task)
		return ERROR_MEMORY;
	gdt_fill(&task->gdt, (uint32_t)memory, size);
	task->memory = memory;
	task->memory_size = size;
	struct program_stack *stack = task_stack(task, sizeof(*stack));
	stack->frame.return_address = (uint32_t)trap_return;
	stack->trap = (struct trap_frame){
		.ds = USER_DS,
		.es = USER_DS,
		.eip = entry,
		.cs = USER_CS,
		.eflags = EFLAGS_FIXED | EFLAGS_IF,
		.esp = size,
		.ss = USER_DS,
	};
	return task_enter(task);
}

void task_exit(int32_t status)
{
	struct task *task = task_current();

	if (task == first)
		panic("%s ended", task->name);
	interrupts_disable();
	if (task->memory)
		frames_free(task->memory, task->memory_size / PAGE_SIZE);
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

/* Takes an ended task out of the circle. */
static void task_free(struct task *task)
{
	struct task *before = task;

	while (before->next != task)
		before = before->next;
	before->next = task->next;
	frames_free(task->stack, TASK_STACK_SIZE / PAGE_SIZE);
	heap_free(task);
}

/* `any`: whether the running task has children at all. */
static struct task *ended_child(bool *any)
{
	struct task *parent = task_current();

	*any = false;
	for (struct task *task = parent->next; task != parent; task = task->next) {
		if (task->parent != parent)
			continue;
		*any = true;
		if (task->state == TASK_ENDED)
			return task;
	}
	return NULL;
}

int32_t task_wait(int32_t *status)
{
	static struct lock lock = {.name = "wait"};
	uint32_t flags = lock_acquire(&lock);
	int32_t id = ERROR_NO_CHILD;
	struct task *child;
	bool any;

	while (!(child = ended_child(&any)) && any)
		task_sleep(task_current(), &lock);
	if (child) {
		id = (int32_t)child->id;
		*status = child->status;
		task_free(child);
	}
	lock_release(&lock, flags);
	return id;
}
