/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a guest's table of probes, one after the other. */
#include "probe.h"

SEEDED struct general_registers probe_registers = {
	0xd1d1d1d1, 0x51515151, 0xb9b9b9b9, 0, 0xb0b0b0b0, 0xd0d0d0d0, 0xc0c0c0c0, 0xa0a0a0a0};
uint8_t probe_stack[PROBE_STACK_SIZE] __attribute__((aligned(16)));

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
