/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single steps and breakpoints over sensitive instructions (trace.asm; Intel SDM volume 3A, 17.2,
 * 17.3). A debugger in the guest must see each instruction once, at its own address, whatever
 * stands in its place.
 */
#include "flags.h"
#include "paging.h"

#define TRACE_END 0x61
#define NESTED    0x62

/* DR7: breakpoint 0 on execution, breakpoint 1 on writes of 4 bytes. */
#define DR7_BREAK (DR7_FIXED | DR7_ENABLE(0))
#define DR7_WATCH (DR7_FIXED | DR7_ENABLE(1) | 0xdu << 20)

extern const struct {
	const void *code;
	uint32_t eflags;
	char name[24];
} trace_table[];
extern const uint32_t trace_count;
extern const uint8_t trace_break_pushf[], trace_break_popf[], trace_break_mov[], trace_break_run[];
extern uint8_t trace_watched[];

struct flags_step flags_trace[FLAGS_STEPS];
uint32_t flags_trace_count;

#define DEBUG_REGISTER(name)                                                                       \
	static uint32_t name##_read(void)                                                          \
	{                                                                                          \
		uint32_t value;                                                                    \
		__asm__ volatile("movl %%" #name ", %0" : "=r"(value));                            \
		return value;                                                                      \
	}                                                                                          \
	static void name##_write(uint32_t value)                                                   \
	{                                                                                          \
		__asm__ volatile("movl %0, %%" #name : : "r"(value));                              \
	}
DEBUG_REGISTER(db6)

static void step_take(struct frame *frame)
{
	if (flags_trace_count == FLAGS_STEPS)
		kernel_unexpected(frame);
	flags_trace[flags_trace_count++] = (struct flags_step){.eip = frame->eip,
		.eflags = frame->eflags & ~EFLAGS_RF,
		.dr6 = db6_read(),
		.esp = (uint32_t)&frame->user_esp};
	db6_write(DR6_FIXED);
	frame->eflags |= EFLAGS_RF; /* past the breakpoint */
}

static void nothing(struct frame *frame)
{
	(void)frame;
}

static struct general_registers left;
static uint32_t left_eflags;

static void end(struct frame *frame)
{
	left = (struct general_registers){frame->edi, frame->esi, frame->ebp,
		(uint32_t)&frame->user_esp, frame->ebx, frame->edx, frame->ecx, frame->eax};
	left_eflags = frame->eflags;
	user_leave(0);
}

/* What is on the stack, by halves: PUSH of a selector leaves the upper one alone. */
static uint32_t stack_sum(const uint32_t *end)
{
	uint32_t sum = 0;

	for (const uint32_t *word = (const uint32_t *)left.esp; word < end; word++)
		sum = sum * 31 + (*word & 0xffff);
	return sum;
}

static void breakpoint_set(uint32_t piece)
{
	static const struct {
		const char *name;
		const uint8_t *at;
	} breaks[] = {
		{"break_pushf", trace_break_pushf},
		{"break_popf", trace_break_popf},
		{"break_mov", trace_break_mov},
		{"break_run", trace_break_run},
	};
	uint32_t at = 0, dr7 = DR7_FIXED;

	for (uint32_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		const char *a = breaks[i].name, *b = trace_table[piece].name;
		while (*a && *a == *b)
			a++, b++;
		if (*a == *b) {
			at = (uint32_t)breaks[i].at;
			dr7 = DR7_BREAK;
		}
	}
	if (piece == trace_count - 1)
		dr7 = DR7_WATCH;
	__asm__ volatile("movl %0, %%db0" : : "r"(at));
	__asm__ volatile("movl %0, %%db1" : : "r"(trace_watched));
	__asm__ volatile("movl %0, %%db7" : : "r"(dr7));
}

static void piece_run(uint32_t number)
{
	static uint32_t stack[256];
	struct frame *frame =
		(struct frame *)((uint8_t *)(stack + 200) - offsetof(struct frame, user_esp));
	uint32_t first = flags_trace_count;

	for (uint32_t i = 0; i < 256; i++)
		stack[i] = i;
	breakpoint_set(number);
	*frame = (struct frame){.eax = 1,
		.ebx = 2,
		.ecx = 3,
		.edx = 4,
		.esi = 5,
		.edi = 6,
		.ebp = 7,
		.eip = (uint32_t)trace_table[number].code,
		.cs = KERNEL_CS,
		.eflags = EFLAGS_FIXED | trace_table[number].eflags};
	frame_run(frame);
	__asm__ volatile("movl %0, %%db7" : : "r"(DR7_FIXED));
	interrupts_disable();
	uint32_t steps = flags_trace_count - first;
	result_note(trace_table[number].name, steps);
	result_note(
		"- its steps", probe_sum(0, flags_trace + first, steps * sizeof(flags_trace[0])));
	result_note("- its registers", probe_sum(0, &left, sizeof(left)));
	result_note("- its EFLAGS", left_eflags);
	result_note("- its stack", stack_sum(stack + 256));
}

void trace_run(void)
{
	for (unsigned vector = 0; vector < VECTOR_IRQ; vector++)
		handler_set((uint8_t)vector, NULL);
	handler_set(VECTOR_DB, step_take);
	handler_set(VECTOR_BP, nothing);
	handler_set(NESTED, nothing);
	handler_set(TRACE_END, end);
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t i = 0; i < trace_count; i++)
			piece_run(i);
}
