/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record of ring crossings that Bochs keeps.
 *
 * The idea: Bochs announces an exception or interrupt when it starts to deliver it ("Exception
 * 0x0d", "Interrupt 0x0d") and says after the instruction where the processor went ("exception (not
 * softint) 0008:00007d15"). In between, the delivery itself may fault and announce another one. So
 * announcements wait in a short queue until the next line that names a place: the last one got
 * there, the others were not delivered.
 *
 * Habits of Bochs's that are undone here:
 * - It says "exception (not softint)" for hardware interrupts too: these have no "Exception" line.
 * - It reports an IRET that faulted like one that succeeded, with the fault's handler as its
 * target.
 * - At a stop for any reason but a breakpoint it does not say where the last instruction went. At
 * each stop we ask for the registers and settle what was announced (trace_stopped()).
 * - What it did not say, at a stop or because nobody looked, it says after the next instruction,
 * with that one's place. Announcements are settled by then; an IRET belongs to the place of the
 * stop.
 *
 * The invariant: events are handed over in the order in which the processor took them.
 * Read: Intel SDM volume 3, 6.3 to 6.15.
 */
#include "bochs_internal.h"

#include <string.h>

#define CR0_PE (1u << 0)

#define OPCODE_OPERAND_SIZE 0x66
#define OPCODE_INT3         0xcc
#define OPCODE_INT          0xcd
#define OPCODE_INTO         0xce
#define OPCODE_IRET         0xcf
#define OPCODE_INT1         0xf1

/* Exceptions that push an error code: #DF, #TS, #NP, #SS, #GP, #PF, #AC. */
#define ERROR_CODE_VECTORS                                                                         \
	(1u << 8 | 1u << 10 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 17)

static void hand_over(struct bochs *b, const struct bochs_event *event)
{
	b->trace.event(b->trace.context, event);
}

/* Hands over the announcements; the last one was delivered to the place in t, if there is one. */
static void announcements_settle(struct bochs *b, const struct trace_line *t, bool software)
{
	struct trace *trace = &b->trace;

	for (size_t i = 0; i < trace->n_pending; i++) {
		struct bochs_event *event = &trace->pending[i];

		if (event->kind != BOCHS_EXCEPTION)
			event->kind = software ? BOCHS_SOFTWARE_INT : BOCHS_HARDWARE_INT;
		event->tick = t->tick;
		if (t->kind != TRACE_NOTHING && i == trace->n_pending - 1) {
			event->delivered = true;
			event->cs = t->cs;
			event->eip = t->eip;
			if (event->kind == BOCHS_EXCEPTION)
				trace->exception_tick = t->tick;
		}
		hand_over(b, event);
	}
	trace->n_pending = 0;
}

static void exception_announce(struct trace *trace, const struct trace_line *t)
{
	struct bochs_event event = {
		.kind = BOCHS_EXCEPTION,
		.vector = t->vector,
		.has_error_code = t->vector < 32 && (ERROR_CODE_VECTORS >> t->vector & 1),
	};

	if (event.has_error_code)
		event.error_code = t->error_code;
	if (trace->n_pending < TRACE_PENDING_MAX)
		trace->pending[trace->n_pending++] = event;
}

/* "Interrupt" follows its "Exception"; alone, it is INT n or a hardware interrupt. */
static void interrupt_announce(struct trace *trace, const struct trace_line *t)
{
	size_t n = trace->n_pending;

	if (n && trace->pending[n - 1].kind == BOCHS_EXCEPTION &&
		trace->pending[n - 1].vector == t->vector)
		return;
	if (n < TRACE_PENDING_MAX)
		trace->pending[trace->n_pending++] =
			(struct bochs_event){.kind = BOCHS_HARDWARE_INT, .vector = t->vector};
}

static void iret_take(struct bochs *b, const struct trace_line *t)
{
	struct trace *trace = &b->trace;
	struct bochs_event event = {
		.kind = BOCHS_IRET, .tick = t->tick, .delivered = true, .cs = t->cs, .eip = t->eip};

	if (t->tick == trace->exception_tick)
		return;
	if (t->tick == trace->stop.tick + 1 && !trace->next_is_iret) {
		if (!trace->iret_may_be_due)
			return;
		event.tick = trace->due.tick;
		event.cs = trace->due.cs;
		event.eip = trace->due.eip;
	}
	trace->iret_may_be_due = false;
	hand_over(b, &event);
}

bool trace_take(struct bochs *b, const char *line)
{
	struct trace *trace = &b->trace;
	struct trace_line t = parse_trace_line(line);
	bool first = t.tick == trace->stop.tick + 1;

	switch (t.kind) {
	case TRACE_NOTHING:
		return false;
	case TRACE_EXCEPTION:
		exception_announce(trace, &t);
		break;
	case TRACE_INTERRUPT:
		interrupt_announce(trace, &t);
		break;
	case TRACE_SOFTINT:
		announcements_settle(b, &t, !first || trace->next_is_int);
		break;
	case TRACE_EXTINT:
		announcements_settle(b, &t, false);
		break;
	case TRACE_IRET:
		iret_take(b, &t);
		break;
	}
	return true;
}

void trace_flush(struct bochs *b)
{
	struct trace_line nowhere = {.kind = TRACE_NOTHING, .tick = b->end_tick};

	if (b->trace.on)
		announcements_settle(b, &nowhere, true);
}

/* Notes where the machine stands and what instruction is next. */
static int stop_note(struct bochs *b)
{
	const struct bochs_registers *r = bochs_registers(b);
	struct trace *trace = &b->trace;
	uint8_t code[2] = {0, 0}, opcode;

	if (!r)
		return -1;
	trace->stop = (struct trace_line){
		.kind = TRACE_EXTINT, .tick = r->ticks, .cs = r->cs.selector, .eip = r->eip};
	if (!bochs_read_linear(b, r->pc, code, sizeof(code)) && bochs_check_alive(b))
		return -1;
	opcode = code[0] == OPCODE_OPERAND_SIZE ? code[1] : code[0];
	trace->next_is_iret = opcode == OPCODE_IRET;
	trace->next_is_int = opcode == OPCODE_INT || opcode == OPCODE_INT3 ||
			     opcode == OPCODE_INTO || opcode == OPCODE_INT1;
	return 0;
}

/*
 * Does the machine stand at the first instruction of the vector's handler? After INT n it does; a
 * hardware interrupt's handler has executed one instruction by the time that Bochs stops.
 */
static bool handler_is_next(struct bochs *b, uint8_t vector)
{
	const struct bochs_registers *r = &b->registers;
	uint16_t gate[4] = {0};

	if (!(r->cr0 & CR0_PE)) {
		bochs_read_linear(b, r->idtr.base + 4u * vector, gate, 4);
		return gate[0] == r->eip && gate[1] == r->cs.selector;
	}
	bochs_read_linear(b, r->idtr.base + 8u * vector, gate, 8);
	return (gate[0] | (uint32_t)gate[3] << 16) == r->eip;
}

/* Settles what was announced by the last instruction; returns whether that was an exception. */
static bool last_instruction_settle(struct bochs *b)
{
	struct trace *trace = &b->trace;
	const struct bochs_event *last = &trace->pending[trace->n_pending - 1];
	bool faulted = last->kind == BOCHS_EXCEPTION;
	bool software = faulted || handler_is_next(b, last->vector);

	announcements_settle(b, &trace->stop, software);
	return faulted;
}

/*
 * At a breakpoint everything has been said. Otherwise Bochs has said nothing about the last
 * instruction: a single one we have seen ourselves before it was executed, the last of several may
 * have been an IRET.
 */
int trace_stopped(struct bochs *b, bool breakpoint)
{
	struct trace *trace = &b->trace;
	const struct bochs_registers *r = bochs_registers(b);
	bool single, was_iret;

	if (!r)
		return -1;
	if (!trace->on || r->ticks == trace->stop.tick)
		return 0;
	single = r->ticks == trace->stop.tick + 1;
	was_iret = trace->next_is_iret && !trace->n_pending;
	if (stop_note(b))
		return -1;
	if (breakpoint || !single)
		trace->iret_may_be_due = false;
	if (trace->n_pending) {
		if (last_instruction_settle(b))
			trace->iret_may_be_due = false;
	} else if (breakpoint) {
		return 0;
	} else if (!single) {
		trace->iret_may_be_due = true;
		trace->due = trace->stop;
	} else if (was_iret) {
		iret_take(b, &trace->stop);
	}
	return 0;
}

int bochs_trace_start(struct bochs *b, bochs_event_fn *event, void *context)
{
	if (bochs_check_alive(b))
		return -1;
	if (b->e9)
		return bochs_fail(b, "a trace needs a machine without port 0xE9");
	if (b->trace.on)
		return bochs_fail(b, "a trace is on already");
	memset(&b->trace, 0, sizeof(b->trace));
	if (stop_note(b) || talk_ask(b, "show dbg_all\nshow int\n"))
		return -1;
	b->trace.event = event;
	b->trace.context = context;
	b->trace.on = true;
	return 0;
}

int bochs_trace_stop(struct bochs *b)
{
	if (!b->trace.on)
		return 0;
	b->trace.on = false;
	if (b->exit != BOCHS_EXIT_NONE)
		return 0;
	return talk_ask(b, "show off\nshow dbg_none\n");
}
