/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel with tasks in ring 3, which take turns by the timer (Intel SDM volume 3A, 6.12
 * and 7.2.1).
 *
 * Each task has a kernel stack of its own. What interrupts it, or its system call, leaves a struct
 * frame there; the next task goes on from the frame on its own stack. ESP0 of the task-state
 * segment names the running task's kernel stack, and so changes with every turn. The kernel itself
 * is not preempted: after a timer interrupt during a system call, the turn ends with the call.
 *
 * Under a monitor the virtual processor, which is shared itself, is shared once more.
 */
#include "ticker.h"
#include "kernel.h"

#define IRQ_BASE  0x20
#define IRQ_MASKS ((uint16_t) ~(1u << 0 | 1u << 4))

#define PIT_0       0x40
#define PIT_CONTROL 0x43
#define PIT_RATE    0x34 /* counter 0, low byte then high byte, mode 2 */

#define KERNEL_STACK 4096
#define USER_STACK   2048

SEEDED uint32_t ticker_divisor = 1193; /* a thousand turns a second */
SEEDED uint32_t ticker_rounds = 800;
SEEDED uint32_t ticker_data[TASKS][TASK_DATA] = {{1}, {2}, {3}, {4}};

struct ticker_counters ticker_counters;
uint32_t ticker_results[TASKS];

enum task_state { COMPUTES, PRINTS, ENDED };

struct task {
	struct frame *frame; /* where it goes on */
	enum task_state state;
	uint8_t kernel_stack[KERNEL_STACK] __attribute__((aligned(16)));
	uint8_t user_stack[USER_STACK] __attribute__((aligned(16)));
};

static struct task tasks[TASKS];
static unsigned running;
static bool turn_due; /* a tick came while the kernel worked */

/* ---- turns ---- */

/* The next task that has not ended, in the order of their numbers; TASKS: there is none. */
static unsigned task_after(unsigned number)
{
	for (unsigned step = 1; step <= TASKS; step++)
		if (tasks[(number + step) % TASKS].state != ENDED)
			return (number + step) % TASKS;
	return TASKS;
}

static _Noreturn void task_go_on(unsigned number)
{
	struct task *task = &tasks[number];

	if (number != running)
		ticker_counters.switches++;
	running = number;
	kernel_tss.esp0 = (uint32_t)&task->kernel_stack[KERNEL_STACK];
	frame_resume(task->frame);
}

static void on_tick(struct frame *frame)
{
	ticker_counters.ticks++;
	pic_end(0);
	if (!frame_from_user(frame)) {
		ticker_counters.ticks_in_kernel++;
		turn_due = true;
		return;
	}
	ticker_counters.preempted[running]++;
	tasks[running].frame = frame;
	task_go_on(task_after(running));
}

/* ---- system calls ---- */

static _Noreturn void task_end(void)
{
	interrupts_disable();
	tasks[running].state = ENDED;
	unsigned next = task_after(running);
	if (next < TASKS)
		task_go_on(next);
	interrupts_enable();
	output_flush();
	power_off();
}

static bool task_has_turn(void)
{
	for (unsigned i = 0; i < TASKS; i++)
		if (tasks[i].state == COMPUTES || (i < running && tasks[i].state != ENDED))
			return false;
	return true;
}

/* Through a trap gate: interrupts stay on. */
static void on_call(struct frame *frame)
{
	ticker_counters.calls++;
	switch ((enum ticker_call)frame->eax) {
	case CALL_PUT:
		output_put((uint8_t)frame->ebx);
		break;
	case CALL_COMPUTED:
		ticker_results[running] = frame->ebx;
		tasks[running].state = PRINTS;
		break;
	case CALL_TURN:
		frame->eax = task_has_turn();
		break;
	case CALL_END:
		task_end();
	}
	interrupts_disable();
	if (turn_due) {
		turn_due = false;
		tasks[running].frame = frame;
		task_go_on(task_after(running));
	}
	interrupts_enable();
}

/* ---- the beginning ---- */

/* A frame as if the task had been interrupted before its first instruction. */
static void task_prepare(unsigned number)
{
	struct task *task = &tasks[number];

	task->frame = (struct frame *)&task->kernel_stack[KERNEL_STACK] - 1;
	*task->frame = (struct frame){
		.eax = number,
		.eip = (uint32_t)ticker_user_entry,
		.cs = USER_CS,
		.eflags = EFLAGS_FIXED | EFLAGS_IF,
		.user_esp = (uint32_t)&task->user_stack[USER_STACK],
		.user_ss = USER_DS,
	};
}

void kernel_main(uint32_t info)
{
	(void)info;
	kernel_tables_load();
	gate_set(SYSTEM_CALL, GATE_TRAP | ACCESS_DPL(3));
	handler_set(SYSTEM_CALL, on_call);
	handler_set(IRQ_BASE, on_tick);
	output_init();
	for (unsigned i = 0; i < TASKS; i++)
		task_prepare(i);
	pic_init(IRQ_BASE, IRQ_BASE + 8);
	pic_mask(IRQ_MASKS);
	port_write8(PIT_CONTROL, PIT_RATE);
	port_write8(PIT_0, (uint8_t)ticker_divisor);
	port_write8(PIT_0, (uint8_t)(ticker_divisor >> 8));
	task_go_on(0);
}
