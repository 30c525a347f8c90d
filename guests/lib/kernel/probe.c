/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs probes and records how they end (probe.h).
 *
 * Invariant: a probe ends in record(), on whatever stack, and nothing of it stays: stacks, segment
 * registers, control and debug registers are put back.
 */
#include "probe.h"

SEEDED struct general_registers probe_registers = {0xd1d1d1d1, 0x51515151, 0xb9b9b9b9, 0,
	0xb0b0b0b0, 0xd0d0d0d0, 0xc0c0c0c0, 0xa0a0a0a0};
struct outcome probe_outcomes[PROBES_MAX];
volatile uint32_t probes_done;
uint8_t probe_stack[PROBE_STACK_SIZE] __attribute__((aligned(16)));

static struct outcome *current;

#define READ(value, name) __asm__ volatile("movl %%" name ", %0" : "=r"(value))
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

/* A probe of ring 0 has its frame on its own stack, just where it leaves ESP when it is popped. */
static void probe_begin(const struct probe *probe, struct outcome *outcome)
{
	uint32_t top = (uint32_t)&probe_stack[PROBE_STACK_SIZE] - 64;
	struct frame user, *frame = &user;

	if (probe->ring == 0)
		frame = (struct frame *)(top - offsetof(struct frame, user_esp));
	frame->edi = probe_registers.edi;
	frame->esi = probe_registers.esi;
	frame->ebp = probe_registers.ebp;
	frame->ebx = probe_registers.ebx;
	frame->edx = probe_registers.edx;
	frame->ecx = probe_registers.ecx;
	frame->eax = probe_registers.eax;
	frame->eip = probe->code;
	frame->cs = probe->ring == 0 ? KERNEL_CS : USER_CS;
	frame->eflags = probe->eflags | EFLAGS_FIXED;
	if (probe->ring != 0) {
		frame->user_esp = top;
		frame->user_ss = USER_DS;
	}
	probe_run(frame, outcome);
}

uint32_t probe_sum(uint32_t sum, const void *data, size_t size)
{
	const uint32_t *word = data;

	for (size_t i = 0; i < size / sizeof(*word); i++)
		sum = (sum << 1 | sum >> 31) ^ word[i];
	return sum;
}

void probes_run(const char *name, void (*reset)(void))
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < probe_count; i++) {
		const struct probe *probe = &probe_table[i];
		reset();
		if (probe->prepare)
			((void (*)(void))probe->prepare)();
		probe_begin(probe, &probe_outcomes[i]);
		probes_done = i + 1;
		sum = probe_sum(sum, &probe_outcomes[i], sizeof(probe_outcomes[i]));
	}
	reset();
	console_printf("%s: %u probes, %08x\n", name, probe_count, sum);
}
