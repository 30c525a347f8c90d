/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that runs, over and over, what it does not know: cases of sensitive instructions that
 * were drawn at random and written into its image. What runs once is new to a monitor; what runs
 * again is known, and at last hot. Each time it must leave the same as on the bare machine.
 *
 * Behind the cases comes a loop (loop.c), drawn at random too, that the timer interrupts.
 *
 * Without a judge a case is an INT PROBE_END, and the loop has nothing in it.
 */
#include "jumble.h"

void loop_run(void);

SEEDED uint32_t jumble_count = 1;
SEEDED uint32_t jumble_rounds = 1;
SEEDED struct jumble_case jumble_cases[JUMBLE_CASES];
SEEDED uint8_t jumble_code[JUMBLE_CASES][JUMBLE_CODE] = {{0xcd, PROBE_END}};

struct jumble_end jumble_ends[JUMBLE_ROUNDS][JUMBLE_CASES];
volatile uint32_t jumble_done; /* cases, of all rounds */

uint8_t jumble_memory[JUMBLE_CASES][JUMBLE_MEMORY] __attribute__((aligned(4096)));
uint32_t jumble_counters[JUMBLE_CASES]; /* of a case's loop */
static uint32_t stack[JUMBLE_STACK / 4] __attribute__((aligned(4096)));
static IN_TABLES struct descriptor ldt[2];

extern const uint8_t jumble_count_handler[];

static void tables_fill(void)
{
	const uint32_t dpl_3 = ACCESS_DPL(3);
	struct descriptor *gdt = kernel_gdt;

	gdt[JUMBLE_DATA / 8] =
		descriptor_make((uint32_t)jumble_memory, 0xfff, ACCESS_DATA | dpl_3, FLAG_BIG);
	gdt[JUMBLE_READ / 8] =
		descriptor_make(0, LIMIT_MAX, (ACCESS_DATA & ~TYPE_WRITABLE) | dpl_3, FLAT);
	gdt[JUMBLE_ABSENT / 8] = descriptor_make(0, LIMIT_MAX, ACCESS_DATA & ~0x80u, FLAT);
	gdt[JUMBLE_CODE_X / 8] = descriptor_make(0, 0x3ffff, ACCESS_CODE & ~TYPE_READABLE, FLAT);
	gdt[JUMBLE_CODE_C / 8] = descriptor_make(0, LIMIT_MAX, ACCESS_CODE | TYPE_CONFORMING, FLAT);
	gdt[JUMBLE_LDT / 8] = descriptor_make((uint32_t)ldt, sizeof(ldt) - 1, ACCESS_LDT, 0);
	ldt[1] = descriptor_make(0, LIMIT_MAX, ACCESS_DATA | dpl_3, FLAT);
	ldt_load(JUMBLE_LDT);
	kernel_idt[JUMBLE_COUNT_VECTOR] =
		gate_make(KERNEL_CS, (uint32_t)jumble_count_handler, GATE_INTERRUPT);
	kernel_idt[VECTOR_BP] = gate_make(KERNEL_CS, (uint32_t)jumble_count_handler, GATE_TRAP);
	kernel_idt[VECTOR_OF] =
		gate_make(KERNEL_CS, (uint32_t)jumble_count_handler, GATE_INTERRUPT);
}

/* Of what a case has left on its stack. Below ESP lies nothing that anyone may count on. */
static uint32_t stack_sum(uint32_t esp)
{
	uint32_t end = (uint32_t)(stack + JUMBLE_STACK / 4);

	esp &= ~3u;
	return esp < (uint32_t)stack || esp > end ? esp
						  : probe_sum(0, (const void *)esp, end - esp);
}

/* On a stack that has the same in it each time, and ends in its middle. */
static void case_run(uint32_t number, struct jumble_end *end)
{
	const struct jumble_case *begin = (const struct jumble_case *)&jumble_cases[number];
	struct frame *frame = (struct frame *)((uint32_t)stack + JUMBLE_STACK / 2 -
					       offsetof(struct frame, user_esp));
	uint32_t eflags = begin->eflags | EFLAGS_FIXED;

	for (uint32_t i = 0; i < JUMBLE_STACK / 4; i++)
		stack[i] = 0x10101010 * (i & 15);
	memcpy(frame, &begin->registers, sizeof(begin->registers));
	frame->eip = (uint32_t)jumble_code[number];
	frame->cs = KERNEL_CS;
	frame->eflags = eflags;
	__asm__ volatile("movl %0, %%fs\n\tmovl %0, %%gs" : : "r"(begin->selector));
	probe_run(frame, &end->outcome);
	end->stack = stack_sum(end->outcome.frame);
	end->memory = probe_sum(0, jumble_memory[number], JUMBLE_MEMORY);
	jumble_done++;
}

void kernel_main(uint32_t info)
{
	uint32_t sum = 0;

	(void)info;
	probes_init();
	tables_fill();
	for (uint32_t round = 0; round < jumble_rounds; round++)
		for (uint32_t i = 0; i < jumble_count; i++) {
			case_run(i, &jumble_ends[round][i]);
			sum = probe_sum(sum, &jumble_ends[round][i], sizeof(jumble_ends[0][0]));
		}
	console_printf("jumble: %u cases, %u rounds, %08x\n", jumble_count, jumble_rounds, sum);
	loop_run();
}
