/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a probe and records how it ends (probe.h).
 *
 * Invariant: a probe ends in record(), on whatever stack, and nothing of it stays: stacks, segment
 * registers, control and debug registers are put back.
 */
#include "probe.h"

struct outcome probe_outcomes[PROBES_MAX];
volatile uint32_t probes_done;

static struct outcome *current;

#define READ(value, name)  __asm__ volatile("movl %%" name ", %0" : "=r"(value))
#define WRITE(name, value) __asm__ volatile("movl %0, %%" name : : "r"(value))

static void registers_reset(void)
{
	WRITE("cr0", CR0_PE | CR0_ET);
	WRITE("cr4", 0);
	WRITE("db7", DR7_FIXED);
	WRITE("db6", DR6_FIXED);
}

static void record(struct frame *frame)
{
	bool user = frame_from_user(frame);

	*current = (struct outcome){
		.registers = {frame->edi, frame->esi, frame->ebp,
			user ? frame->user_esp : (uint32_t)&frame->user_esp, frame->ebx, frame->edx,
			frame->ecx, frame->eax},
		.vector = frame->vector,
		.error_code = frame->error_code,
		.eip = frame->eip,
		.cs = frame->cs,
		.eflags = frame->eflags,
		.ss = user ? frame->user_ss : 0,
		.frame = user ? (uint32_t)(frame + 1) : (uint32_t)&frame->user_esp,
	};
	user_leave(0);
}

void probes_init(void)
{
	kernel_tables_load();
	for (unsigned vector = 0; vector < VECTORS; vector++)
		handler_set((uint8_t)vector, record);
	gate_set(PROBE_END, GATE_INTERRUPT | ACCESS_DPL(3));
	pic_init(0x20, 0x28);
	registers_reset();
}

void probe_run(struct frame *frame, struct outcome *outcome)
{
	current = outcome;
	frame_run(frame);
	interrupts_disable();
	READ(outcome->cr0, "cr0");
	READ(outcome->cr2, "cr2");
	READ(outcome->cr3, "cr3");
	READ(outcome->cr4, "cr4");
	READ(outcome->dr[0], "db0");
	READ(outcome->dr[1], "db1");
	READ(outcome->dr[2], "db2");
	READ(outcome->dr[3], "db3");
	READ(outcome->dr6, "db6");
	READ(outcome->dr7, "db7");
	registers_reset();
}

uint32_t probe_sum(uint32_t sum, const void *data, size_t size)
{
	const uint32_t *word = data;

	for (size_t i = 0; i < size / sizeof(*word); i++)
		sum = (sum << 1 | sum >> 31) ^ word[i];
	return sum;
}
