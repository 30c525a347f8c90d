/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine moves: step, continue, and what GDB is told when it has stopped.
 *
 * The idea: a long run is many short ones. Between two of them the bridge hands on what the machine
 * has printed and looks for new interrupt gates. Each piece ends at an exact tick and the machine
 * does not notice, so that a run under GDB is the run without GDB. Whatever GDB sends in the middle
 * of a piece stops it at once: Ctrl-C, or the end of the connection.
 *
 * The invariant: one request gets one stop reply, unless GDB is gone.
 *
 * Read: Debugging with GDB, appendix E, "Stop Reply Packets".
 */
#include "bridge_internal.h"

#include "decode.h"

#include <inttypes.h>
#include <string.h>

/* Ticks. The first piece is short and each next one twice as long, to see early what is early. */
#define PIECE_FIRST 1024u
#define PIECE_LAST  4194304u /* about 40 ms */
#define LINE_MAX    1024u

/* ---- output ---- */

/* A guest may print anything; a terminal should not obey it. */
static void line_forward(struct bridge *b, const char *name, const char *line, size_t length)
{
	char clean[LINE_MAX];
	size_t n = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)line[i];

		if (c != '\r')
			clean[n++] = (char)(c == '\t' || (c >= ' ' && c < 0x7f) ? c : '?');
	}
	if (b->options.log) {
		fprintf(b->options.log, "%s | %.*s\n", name, (int)n, clean);
		fflush(b->options.log);
	} else {
		say(b, "%s | %.*s\n", name, (int)n, clean);
	}
}

/* Returns how many bytes were shown. A line that is too long becomes several. */
static size_t lines_forward(
	struct bridge *b, const char *name, const char *text, size_t length, bool at_end)
{
	size_t shown = 0;

	while (shown < length) {
		const char *line = text + shown, *end = memchr(line, '\n', length - shown);
		size_t size = end ? (size_t)(end - line) : length - shown;

		if (size > LINE_MAX)
			size = LINE_MAX;
		else if (!end && !at_end)
			break;
		line_forward(b, name, line, size);
		shown += size + (line + size == end);
	}
	return shown;
}

void output_forward(struct bridge *b, bool at_end)
{
	uint64_t dropped = bochs_log_dropped(b->machine);
	size_t length, from;
	const char *text = bochs_log(b->machine, &length);

	if (b->log_shown < dropped)
		b->log_shown = dropped;
	from = (size_t)(b->log_shown - dropped);
	b->log_shown += lines_forward(b, "monitor", text + from, length - from, at_end);
	text = bochs_console(b->machine, &length);
	b->console_shown += lines_forward(
		b, "console", text + b->console_shown, length - b->console_shown, at_end);
}

/* ---- stop replies ---- */

/* The machine has ended: why, for the person. */
static void end_explain(struct bridge *b)
{
	output_forward(b, true);
	switch (bochs_exit_status(b->machine)) {
	case BOCHS_EXIT_POWER_OFF:
		say(b, "bridge: the machine switched itself off at tick %" PRIu64 "\n",
			bochs_ticks(b->machine));
		break;
	case BOCHS_EXIT_TRIPLE_FAULT:
		say(b, "bridge: triple fault at tick %" PRIu64 ": the processor shut down\n%s",
			bochs_ticks(b->machine), bochs_report(b->machine));
		break;
	default:
		say(b, "bridge: %s\n%s", bochs_error(b->machine), bochs_report(b->machine));
	}
}

static void end_tell(struct bridge *b)
{
	switch (bochs_exit_status(b->machine)) {
	case BOCHS_EXIT_POWER_OFF:
		reply(b, "W00");
		break;
	case BOCHS_EXIT_TRIPLE_FAULT:
		reply(b, "X%02x", SIGNAL_SEGV);
		break;
	default:
		reply(b, "X%02x", SIGNAL_ABRT);
	}
}

static size_t reason_put(const struct bridge *b, char *text)
{
	static const char *const names[] = {
		[WATCH_WRITE] = "watch", [WATCH_READ] = "rwatch", [WATCH_ACCESS] = "awatch"};

	if (b->watchpoint)
		return (size_t)sprintf(text, "%s:%" PRIx32 ";", names[b->watchpoint->kind],
			b->watchpoint->address);
	if (b->breakpoint)
		return (size_t)sprintf(
			text, "%s:;", b->breakpoint->software ? "swbreak" : "hwbreak");
	return 0;
}

void stop_tell(struct bridge *b)
{
	char text[256];
	size_t at;

	if (!machine_lives(b)) {
		end_tell(b);
		return;
	}
	at = (size_t)sprintf(text, "T%02x", (unsigned)b->signal);
	at += reason_put(b, text + at);
	at += registers_expedite(b, text + at);
	at += (size_t)sprintf(text + at, "thread:1;");
	b->breakpoint = NULL;
	b->watchpoint = NULL;
	rsp_send(&b->rsp, text, at);
}

/* ---- one piece of a run ---- */

/* Bochs's driver looks at what has not been read yet; this at what came with the request. */
static bool interrupted_already(const struct bridge *b)
{
	return rsp_has_input(&b->rsp);
}

/* What came from GDB while the machine ran: does it stop? */
static bool interruption_take(struct bridge *b)
{
	enum rsp_event event = rsp_poll(&b->rsp);

	if (event == RSP_NOTHING)
		return false;
	if (event != RSP_BREAK) /* GDB does not wait for our reply: it gets that, then an answer */
		b->waiting = event;
	b->signal = SIGNAL_INT;
	return true;
}

/* At a breakpoint's twin, one instruction after a stop at the breakpoint itself, go on. */
static bool breakpoint_take(struct bridge *b)
{
	const struct bochs_registers *r = bochs_registers(b->machine);
	const struct breakpoint *twin;

	if (!r)
		return true;
	if (view_look(b) && !points_at(b, r->pc))
		return false;
	b->breakpoint = points_at(b, view_pc(b, r));
	if (b->breakpoint) {
		b->breakpoint_tick = r->ticks;
		return !view_is_again(b, r);
	}
	twin = points_twin_at(b, r->pc);
	if (!twin)
		return true;
	if (r->ticks == b->breakpoint_tick + 1)
		return false;
	say(b,
		"bridge: a hardware interrupt came to the breakpoint at %08" PRIx32
		"; Bochs stops there one instruction late\n",
		twin->address);
	return true;
}

/* Is it a stop for GDB? Sets what the reply needs. */
static bool stop_take(struct bridge *b, enum bochs_stop stop, const struct points *points)
{
	b->signal = SIGNAL_TRAP;
	b->breakpoint = NULL;
	b->watchpoint = NULL;
	switch (stop) {
	case BOCHS_STOP_BREAKPOINT:
		return breakpoint_take(b);
	case BOCHS_STOP_WATCHPOINT:
		b->watchpoint = &b->watchpoints[points->owners[bochs_watch_hit(b->machine)]];
		return true;
	case BOCHS_STOP_HALTED:
		say(b, "bridge: the processor sleeps in HLT and nothing will wake it\n");
		return true;
	case BOCHS_STOP_INTERRUPTED:
		return interruption_take(b);
	case BOCHS_STOP_LIMIT:
	case BOCHS_STOP_TIMEOUT:
		return false;
	case BOCHS_STOP_ERROR:
		if (machine_lives(b))
			say(b, "bridge: %s\n", bochs_error(b->machine));
		return true;
	default:
		return true;
	}
}

/* Runs until something stops it; also at *extra, if it is not NULL and there is a place. */
static void run(struct bridge *b, const uint32_t *extra)
{
	uint64_t piece = PIECE_FIRST;
	bool stopped = false;

	b->signal = SIGNAL_TRAP;
	while (!stopped && machine_lives(b)) {
		uint64_t now = bochs_ticks(b->machine);
		struct bochs_until until = {.ticks = piece};
		struct points points;
		enum bochs_stop stop;

		if (b->until_tick && now >= b->until_tick) {
			say(b, "bridge: tick %" PRIu64 "\n", now);
			b->until_tick = 0;
			return;
		}
		if (b->until_tick && b->until_tick - now < until.ticks)
			until.ticks = b->until_tick - now;
		points_find_twins(b);
		points_collect(b, &points);
		if (extra && points.n_addresses < BOCHS_BREAKPOINTS_MAX)
			points.addresses[points.n_addresses++] = *extra;
		until.addresses = points.addresses;
		until.n_addresses = points.n_addresses;
		until.watches = points.watches;
		until.n_watches = points.n_watches;
		stop = interrupted_already(b) ? BOCHS_STOP_INTERRUPTED
					      : bochs_run(b->machine, &until);
		stopped = stop_take(b, stop, &points);
		output_forward(b, false);
		if (piece < PIECE_LAST)
			piece *= 2;
	}
	if (!machine_lives(b))
		end_explain(b);
}

/* One instruction; watchpoints count, breakpoints do not. */
static enum bochs_stop step_once(struct bridge *b, struct points *points)
{
	points_collect(b, points);
	if (interrupted_already(b))
		return BOCHS_STOP_INTERRUPTED;
	if (points->n_watches)
		return bochs_run(b->machine, &(struct bochs_until){.ticks = 1,
						     .watches = points->watches,
						     .n_watches = points->n_watches});
	return bochs_step(b->machine, 1);
}

/*
 * Has the step led into a patch block, or on inside one, and not to the next of the guest's
 * instructions? With "monitor inside 1" that does not count.
 */
static bool step_goes_on(struct bridge *b, uint32_t fetched, uint32_t address)
{
	const struct bochs_registers *r = bochs_registers(b->machine);

	if (b->inside || !r || r->pc == fetched)
		return false;
	return view_between(b, r, address);
}

/* True: a step like any other. False: something else stopped it. */
static bool step(struct bridge *b)
{
	const struct bochs_registers *r = bochs_registers(b->machine);
	uint32_t fetched, address = r ? view_pc(b, r) : 0;
	struct points points;
	enum bochs_stop stop;
	bool stopped;

	do {
		r = bochs_registers(b->machine);
		fetched = r ? r->pc : 0;
		stop = step_once(b, &points);
		stopped = stop_take(b, stop, &points);
		view_look(b);
	} while (!stopped && (stop != BOCHS_STOP_LIMIT || step_goes_on(b, fetched, address)));
	if (!machine_lives(b))
		end_explain(b);
	return !stopped;
}

/* ---- what GDB asks for ---- */

void run_continue(struct bridge *b)
{
	run(b, NULL);
	b->stepped = 0;
	if (!b->breakpoint)
		b->view_stop.fresh = false;
	stop_tell(b);
}

/* GDB leaves a breakpoint by one step, and goes on; more steps are the user's own. */
void run_step(struct bridge *b)
{
	bool leaves = b->view_stop.fresh && b->stepped++ == 0;

	step(b);
	b->view_stop.fresh = leaves;
	stop_tell(b);
}

/* A string instruction with a REP prefix counts as many steps: the address behind it. */
static bool repeated_at(struct bridge *b, uint32_t address, uint32_t *behind)
{
	uint8_t code[INSN_MAX_LENGTH];
	size_t n = bochs_read_linear(b->machine, address, code, sizeof(code));
	struct insn insn;

	if (insn_decode(&insn, code, n, 32) != DECODE_OK ||
		!(insn.prefixes & (PREFIX_REP | PREFIX_REPNE)) || insn.has_modrm)
		return false;
	*behind = address + insn.length;
	return true;
}

void run_range(struct bridge *b, uint32_t start, uint32_t end)
{
	const struct bochs_registers *r = bochs_registers(b->machine);
	uint32_t before, behind, pc;
	uint16_t cs = r ? r->cs.selector : 0;

	b->view_stop.fresh = false;
	do {
		before = r ? r->pc : 0;
		if (!step(b) || !(r = bochs_registers(b->machine)))
			break;
		if (r->pc == before && repeated_at(b, before, &behind)) {
			run(b, &behind);
			r = bochs_registers(b->machine);
			if (!r || r->pc != behind || b->signal != SIGNAL_TRAP || b->watchpoint)
				break;
		}
		pc = view_pc(b, r);
		b->breakpoint = points_at(b, pc);
	} while (pc >= start && pc < end && r->cs.selector == cs && !b->breakpoint);
	stop_tell(b);
}

/* ---- the boot ---- */

int run_to_start(struct bridge *b)
{
	enum bochs_stop stop = BOCHS_STOP_LIMIT;

	while (stop == BOCHS_STOP_LIMIT || stop == BOCHS_STOP_TIMEOUT) {
		stop = bochs_run_until(b->machine, b->options.start, PIECE_LAST);
		if (!rsp_keep(&b->rsp)) /* nobody is left to find it */
			return 0;
	}
	if (stop == BOCHS_STOP_BREAKPOINT)
		return 0;
	snprintf(b->error, sizeof(b->error),
		"the machine did not reach %08" PRIx32 ", where GDB was to find it: %s%s%.300s",
		b->options.start, bochs_stop_name(stop), *bochs_error(b->machine) ? ": " : "",
		bochs_error(b->machine));
	return -1;
}
