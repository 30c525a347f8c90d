/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that runs what it does not know: cases that were drawn at random and written into its
 * image, each a few instructions and the state that they begin in. What a case leaves is in its
 * outcome and in its memory.
 *
 * Without a judge there is one case, an INT PROBE_END.
 */
#include "scramble.h"

SEEDED uint32_t scramble_count = 1;
SEEDED struct scramble_case scramble_cases[SCRAMBLE_CASES];
SEEDED uint8_t scramble_code[SCRAMBLE_CASES][SCRAMBLE_CODE] = {{0xcd, PROBE_END}};
SEEDED uint8_t scramble_memory[SCRAMBLE_CASES][SCRAMBLE_MEMORY] = {{1}};

/* A case's ESP is in it, with room below for the frames and the handler. */
uint8_t scramble_stack[SCRAMBLE_STACK] __attribute__((aligned(16)));

/* Operands of LGDT and LIDT that change nothing, and pointers for JMP, LSS and others. */
struct table_register scramble_gdtr = {sizeof(kernel_gdt) - 1, (uint32_t)kernel_gdt};
struct table_register scramble_idtr = {sizeof(kernel_idt) - 1, (uint32_t)kernel_idt};

static IN_TABLES struct descriptor ldt[2];

static void tables_fill(void)
{
	const uint32_t absent = ~0x80u, dpl_3 = ACCESS_DPL(3);
	struct descriptor *gdt = kernel_gdt;

	gdt[DATA_BASE / 8] =
		descriptor_make((uint32_t)scramble_memory, 0xfff, ACCESS_DATA | dpl_3, FLAG_BIG);
	gdt[DATA_READ_ONLY / 8] =
		descriptor_make(0, LIMIT_MAX, (ACCESS_DATA & ~TYPE_WRITABLE) | dpl_3, FLAT);
	gdt[DATA_ABSENT / 8] = descriptor_make(0, LIMIT_MAX, (ACCESS_DATA | dpl_3) & absent, FLAT);
	gdt[DATA_ABSENT_0 / 8] = descriptor_make(0, LIMIT_MAX, ACCESS_DATA & absent, FLAT);
	gdt[CODE_CONFORM / 8] = descriptor_make(0, LIMIT_MAX, ACCESS_CODE | TYPE_CONFORMING, FLAT);
	gdt[CODE_ABSENT / 8] = descriptor_make(0, LIMIT_MAX, ACCESS_CODE & absent, FLAT);
	gdt[LDT / 8] = descriptor_make((uint32_t)ldt, sizeof(ldt) - 1, ACCESS_LDT, 0);
	gdt[DATA_STACK / 8] = descriptor_make(0, LIMIT_MAX, ACCESS_DATA, FLAT);
	ldt[1] = descriptor_make(0, LIMIT_MAX, ACCESS_DATA | dpl_3, FLAT);
}

static void gates_fill(void)
{
	gate_set(INT_DPL_0, GATE_INTERRUPT);
	gate_set(INT_DPL_3, GATE_INTERRUPT | ACCESS_DPL(3));
	gate_set(INT_ABSENT, TYPE_INTERRUPT_GATE | ACCESS_DPL(3));
	kernel_idt[INT_ABSENT_CODE] = gate_make(CODE_ABSENT, 0, GATE_INTERRUPT | ACCESS_DPL(3));
	kernel_idt[INT_TYPE] = gate_make(KERNEL_CS, 0, ACCESS_DATA | ACCESS_DPL(3));
	gate_set(VECTOR_BP, GATE_INTERRUPT | ACCESS_DPL(3));
	gate_set(VECTOR_OF, GATE_INTERRUPT | ACCESS_DPL(3));
}

static void case_run(uint32_t number)
{
	struct scramble_case begin = scramble_cases[number];
	struct frame *frame = &begin.frame;

	ldt_load(0);
	for (uint32_t msr = MSR_SYSENTER_CS; msr <= MSR_SYSENTER_EIP; msr++)
		__asm__ volatile("wrmsr" : : "c"(msr), "a"(0), "d"(0));
	__asm__ volatile("movl %0, %%cr2" : : "r"(begin.cr2));
	__asm__ volatile("movl %0, %%cr3" : : "r"(0));
	__asm__ volatile("movl %0, %%db0" : : "r"(begin.dr[0]));
	__asm__ volatile("movl %0, %%db1" : : "r"(begin.dr[1]));
	__asm__ volatile("movl %0, %%db2" : : "r"(begin.dr[2]));
	__asm__ volatile("movl %0, %%db3" : : "r"(begin.dr[3]));
	__asm__ volatile("movl %0, %%cr4" : : "r"(begin.cr4));
	__asm__ volatile("movl %0, %%cr0" : : "r"(begin.cr0));
	if (!frame_from_user(frame)) {
		/* on its own stack, just where IRET leaves ESP as the case wants it */
		frame = (struct frame *)(begin.frame.user_esp - offsetof(struct frame, user_esp));
		memcpy(frame, &begin.frame, offsetof(struct frame, user_esp));
	}
	__asm__ volatile("movl %0, %%fs" : : "r"(begin.fs));
	__asm__ volatile("movl %0, %%gs" : : "r"(begin.gs));
	probe_run(frame, &probe_outcomes[number]);
	probes_done = number + 1;
}

void kernel_main(uint32_t info)
{
	uint32_t sum = 0;

	(void)info;
	tables_fill();
	probes_init();
	gates_fill();
	if (scramble_cases[0].frame.eip == 0)
		scramble_cases[0] = (struct scramble_case){
			.frame = {.eip = (uint32_t)scramble_code,
				.cs = KERNEL_CS,
				.user_esp = (uint32_t)&scramble_stack[SCRAMBLE_STACK - 16]},
			.cr0 = CR0_PE | CR0_ET,
		};
	for (uint32_t i = 0; i < scramble_count; i++) {
		case_run(i);
		sum = probe_sum(sum, &probe_outcomes[i], sizeof(probe_outcomes[i]));
	}
	console_printf("scramble: %u cases, %08x\n", scramble_count, sum);
}
