/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that may go wrong: each ends in a handler, which notes how. */
#include "callers.h"

#define PIT_0       0x40
#define PIT_CONTROL 0x43
#define PIT_RATE    0x34 /* counter 0, low byte then high byte, mode 2 */
#define DIVISOR     1193 /* 1000 interrupts a second */
#define STACK       512u
#define FRAMES      64u

uint32_t directory;
volatile uint32_t try_ticks_left;

static struct outcome outcome;
/* A frame of ring 0 goes on with ESP at its user_esp: where a call returns to. */
static struct {
	uint32_t room[STACK];
	struct frame frame;
} stack;
static uint8_t arena[FRAMES * PAGE_SIZE] __attribute__((aligned(4096)));

/* ---- memory ---- */

void memory_begin(void)
{
	frames_init(arena, FRAMES);
	directory = paging_directory();
	paging_on(directory);
}

uint32_t *page_new(uint32_t linear, uint32_t bits)
{
	page_map(directory, linear, frame_take(), bits);
	page_invalidate(linear);
	return (uint32_t *)linear;
}

/* ---- handlers ---- */

_Noreturn static void outcome_take(const struct frame *frame)
{
	outcome = (struct outcome){
		.vector = frame->vector,
		.error_code = frame->error_code,
		.address = frame->vector == VECTOR_PF ? cr2_read() : 0,
		.eax = frame->eax,
		.ecx = frame->ecx,
		.edx = frame->edx,
		.flag = frame->eflags & EFLAGS_IF,
		.eip = frame->eip,
	};
	user_leave(0);
}

static void on_event(struct frame *frame)
{
	outcome_take(frame);
}

static void on_tick(struct frame *frame)
{
	pic_end(0);
	if (try_ticks_left && --try_ticks_left == 0)
		outcome_take(frame);
}

void try_init(void)
{
	static const uint8_t vectors[] = {VECTOR_DE, VECTOR_DB, VECTOR_BP, VECTOR_OF, VECTOR_BR,
		VECTOR_UD, VECTOR_NM, VECTOR_TS, VECTOR_NP, VECTOR_SS, VECTOR_GP, VECTOR_PF,
		CALL_VECTOR, END_VECTOR};

	for (unsigned i = 0; i < sizeof(vectors); i++)
		handler_set(vectors[i], on_event);
	gate_set(END_VECTOR, GATE_INTERRUPT | ACCESS_DPL(3));
}

void try_timer(void)
{
	handler_set(TICK_VECTOR, on_tick);
	port_write8(PIT_CONTROL, PIT_RATE);
	port_write8(PIT_0, DIVISOR & 0xff);
	port_write8(PIT_0, DIVISOR >> 8);
	pic_mask(0xfffe);
}

/* ---- calls ---- */

struct outcome try_frame(struct frame frame)
{
	stack.frame = frame;
	frame_run(&stack.frame);
	return outcome;
}

struct outcome try_code(uint32_t code, uint32_t eax, uint32_t edx, uint32_t ecx, uint32_t eflags)
{
	return try_frame((struct frame){
		.eax = eax,
		.edx = edx,
		.ecx = ecx,
		.eip = code,
		.cs = KERNEL_CS,
		.eflags = EFLAGS_FIXED | eflags,
		.user_esp = (uint32_t)code_end,
	});
}

struct outcome try_pal(unsigned operation, uint32_t edx, uint32_t ecx, uint32_t eflags)
{
	return try_code((uint32_t)pal_code + operation * PAL_SLOT, 0, edx, ecx, eflags);
}

void outcome_note(const char *name, const struct outcome *of)
{
	result_note(name, of->vector);
	result_note("- error code", of->error_code);
	result_note("- CR2", of->address);
	result_note("- EDX", of->edx);
	result_note("- ECX", of->ecx);
	result_note("- IF", of->flag);
}
