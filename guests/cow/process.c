/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes: who runs, who waits, and the system calls.
 *
 * The kernel has one stack and is never interrupted. A process that does not run is its frame: to
 * switch, a handler returns to another process's frame than it was called with.
 */
#include "cow.h"

#define IRQ_TIMER     0u
#define IRQ_SPURIOUS  7u
#define VECTOR_MASTER 0x20
#define VECTOR_SLAVE  0x28
#define PIT_COUNTER_0 0x40
#define PIT_CONTROL   0x43
#define PIT_RATE      0x34 /* counter 0, both bytes, mode 2 */
#define INT_SIZE      2u

enum process_state { PROCESS_FREE, PROCESS_READY, PROCESS_WAITING, PROCESS_ENDED };

struct process {
	enum process_state state;
	struct process *parent;
	uint32_t generation, value, directory;
	struct frame frame;
};

static struct process processes[PROCESSES];
static struct process *running;

struct cow_generation cow_results[GENERATIONS_MAX];

_Noreturn static void process_fails(const char *what, uint32_t address)
{
	console_printf("cow: process %u of generation %u: %s %08x\n",
		(unsigned)(running - processes), running->generation, what, address);
	power_off();
}

/* Takes the processor from the process that runs, for the next one that can. */
static void process_switch(struct frame *frame)
{
	running->frame = *frame;
	do {
		running = running + 1 == &processes[PROCESSES] ? processes : running + 1;
	} while (running->state != PROCESS_READY);
	*frame = running->frame;
	cr3_write(running->directory);
}

static uint32_t process_fork(const struct frame *frame)
{
	for (uint32_t i = 1; i < PROCESSES; i++) {
		struct process *child = &processes[i];
		if (child->state != PROCESS_FREE)
			continue;
		*child = (struct process){
			.state = PROCESS_READY,
			.parent = running,
			.generation = running->generation + 1,
			.directory = space_fork(running->directory),
			.frame = *frame,
		};
		child->frame.eax = 0;
		*(volatile uint32_t *)frame->ebx = i; /* the parent's memory, not the child's */
		return 1;
	}
	process_fails("no process is free for its child; EIP", frame->eip);
}

/* A child that has ended, else any, else NULL. */
static struct process *child_find(void)
{
	struct process *found = NULL;

	for (uint32_t i = 1; i < PROCESSES; i++) {
		struct process *process = &processes[i];
		if (process->state == PROCESS_FREE || process->parent != running)
			continue;
		found = process;
		if (process->state == PROCESS_ENDED)
			break;
	}
	return found;
}

/* The value goes into the process's memory: a write of the kernel's that may fault. */
static void process_wait(struct frame *frame)
{
	struct process *child = child_find();
	volatile uint32_t *value = (volatile uint32_t *)frame->ebx;

	if (child && child->state != PROCESS_ENDED) {
		frame->eip -= INT_SIZE; /* it asks again */
		running->state = PROCESS_WAITING;
		process_switch(frame);
		return;
	}
	frame->eax = child != NULL;
	if (child) {
		*value = child->value;
		child->state = PROCESS_FREE;
	}
}

static void process_exit(struct frame *frame)
{
	struct process *ended = running;
	struct cow_generation *result = &cow_results[ended->generation];

	result->processes++;
	result->digest += frame->ebx;
	if (!ended->parent)
		user_leave(0);
	ended->value = frame->ebx;
	ended->state = PROCESS_ENDED;
	ended->parent->state = PROCESS_READY;
	process_switch(frame);
	space_free(ended->directory);
}

static void system_call_serve(struct frame *frame)
{
	switch (frame->eax) {
	case CALL_FORK:
		frame->eax = process_fork(frame);
		break;
	case CALL_WAIT:
		process_wait(frame);
		break;
	case CALL_EXIT:
		process_exit(frame);
		break;
	default:
		process_fails("finds something else at", frame->ebx);
	}
}

static void page_fault(struct frame *frame)
{
	uint32_t linear = cr2_read();

	if (!space_fault(running->directory, linear, frame->error_code))
		process_fails("may not touch", linear);
}

static void timer(struct frame *frame)
{
	pic_end(IRQ_TIMER);
	process_switch(frame);
}

/* Whose request is gone when the processor asks for the vector: it wants no end (8259A). */
static void spurious(struct frame *frame)
{
	(void)frame;
}

static void timer_start(uint32_t count)
{
	handler_set(VECTOR_MASTER + IRQ_TIMER, timer);
	handler_set(VECTOR_MASTER + IRQ_SPURIOUS, spurious);
	port_write8(PIT_CONTROL, PIT_RATE);
	port_write8(PIT_COUNTER_0, (uint8_t)count);
	port_write8(PIT_COUNTER_0, (uint8_t)(count >> 8));
	pic_mask(0xffff & ~(1u << IRQ_TIMER));
}

void processes_run(void)
{
	pic_init(VECTOR_MASTER, VECTOR_SLAVE);
	gate_set(SYSTEM_CALL, GATE_INTERRUPT | ACCESS_DPL(3));
	handler_set(SYSTEM_CALL, system_call_serve);
	handler_set(VECTOR_PF, page_fault);
	if (cow_timer)
		timer_start(cow_timer);
	running = processes;
	*running = (struct process){
		.state = PROCESS_READY,
		.directory = space_new(),
		.frame =
			{
				.eip = (uint32_t)cow_program,
				.cs = USER_CS,
				.eflags = EFLAGS_FIXED | EFLAGS_IF,
				.eax = cow_seed,
				.edx = cow_generations,
				.ecx = cow_children,
				.user_esp = STACK_END,
				.user_ss = USER_DS,
			},
	};
	cr0_write(cr0_read() | CR0_WP);
	paging_on(running->directory);
	frame_run(&running->frame);
	paging_off();
	space_free(running->directory);
}
