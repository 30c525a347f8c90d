/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running a machine and finding out why it stopped.
 *
 * The idea: Bochs is told to continue, and when it has stopped for whatever reason, the machine is
 * asked where it stands: its program counter, its ticks, whether it sleeps. The reason follows from
 * these. Stops that nobody asked for (a time breakpoint of an earlier run, a machine that writes
 * 'D' to port 0x8900, our own look whether it sleeps) are continued without a trace: a stop changes
 * nothing in the machine.
 *
 * The invariant: no run goes on for ever. Ticks bound a machine that runs; a look now and then
 * finds one that sleeps, where Bochs's time breakpoints do not work; the wall clock bounds the
 * rest.
 *
 * Read: Intel SDM volume 2, HLT.
 */
#include "bochs_internal.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define EFLAGS_IF (1u << 9)

#define STEPS_MAX       UINT32_MAX /* of one command */
#define LOOK_FIRST_MS   20u /* until the first look whether the machine sleeps; doubled each time */
#define LOOK_LAST_MS    1000u
#define SIGNAL_AGAIN_MS 20u   /* a signal that comes before the run has begun is lost */
#define SILENCE_MS      5000u /* a Bochs that signals do not stop for so long has hung */
#define SLEEP_TICKS     (10ull * BOCHS_TICKS_PER_SECOND) /* asleep so long past its limit: for ever */

#define BREAKPOINT_WORDS "(0) Breakpoint " /* on the debugger's own stream */

/* What a run is after. */
struct goal {
	const struct bochs_until *until;
	uint64_t start_ticks;
	uint64_t tick_limit;
	uint64_t instruction_limit;
	uint64_t sleep_limit; /* a tick; asleep until then, it sleeps for ever */
	uint64_t deadline;    /* on milliseconds_now() */
	uint64_t look_after;  /* milliseconds */
	bool looked;          /* the last stop was of our making */
};

static const struct bochs_until nothing_to_meet;

const char *bochs_stop_name(enum bochs_stop stop)
{
	static const char *const names[] = {"breakpoint", "watchpoint", "limit", "halted",
		"power off", "triple fault", "panic", "interrupted", "timeout", "error"};

	return (size_t)stop < sizeof(names) / sizeof(names[0]) ? names[stop] : "unknown";
}

/* How a machine that is gone stopped. */
static enum bochs_stop stop_of_end(const struct bochs *b)
{
	switch (b->exit) {
	case BOCHS_EXIT_POWER_OFF:
		return BOCHS_STOP_POWER_OFF;
	case BOCHS_EXIT_TRIPLE_FAULT:
		return BOCHS_STOP_TRIPLE_FAULT;
	case BOCHS_EXIT_PANIC:
		return BOCHS_STOP_PANIC;
	default:
		return BOCHS_STOP_ERROR;
	}
}

const struct bochs_registers *bochs_registers(struct bochs *b)
{
	if (bochs_check_alive(b))
		return NULL;
	if (b->registers_known)
		return &b->registers;
	if (talk_ask(b, REGISTERS_COMMANDS))
		return NULL;
	if (!parse_registers(b->answer.bytes, &b->registers)) {
		bochs_fail(b, "Bochs shows its registers in an unknown way: is it version 2.7?");
		return NULL;
	}
	b->registers_known = true;
	return &b->registers;
}

/*
 * The command that runs towards the goal without going past it. Always "s", never "c": Bochs
 * refreshes its display after "c", which moves the machine's timers by up to a microsecond.
 */
static int command_choose(struct bochs *b, const struct goal *goal, char command[32])
{
	const struct bochs_registers *r = &b->registers;
	uint64_t steps = goal->instruction_limit - r->instructions;

	if (goal->tick_limit != UINT64_MAX) {
		if (time_breakpoint_set(b, r->ticks, goal->tick_limit))
			return -1;
		/* past the limit, in a sleep: stop at the first instruction */
		steps = goal->tick_limit > r->ticks ? goal->tick_limit - r->ticks : 1;
	}
	/* the last step's accesses are Bochs's blind spot: it is one of its own */
	if (goal->until->n_watches && steps > 1)
		steps--;
	snprintf(command, 32, "s %" PRIu64 "\n", steps < STEPS_MAX ? steps : STEPS_MAX);
	return 0;
}

static bool must_stop(const struct bochs *b, const struct goal *goal, uint64_t now)
{
	return b->interrupted || now >= goal->deadline;
}

/* Waits until the machine has stopped by itself, or stops it to look at it. */
static enum talk stop_await(struct bochs *b, struct goal *goal)
{
	uint64_t look = milliseconds_now() + goal->look_after;
	uint64_t signalled = 0, first_signal = 0;
	enum talk talk = TALK_WAITING;

	goal->looked = false;
	while (talk == TALK_WAITING) {
		uint64_t now = milliseconds_now(), next = look;

		if (now >= look || must_stop(b, goal, now)) {
			goal->looked = true;
			if (!signalled || now - signalled >= SIGNAL_AGAIN_MS) {
				kill(b->process, SIGINT);
				signalled = now;
			}
			if (!first_signal)
				first_signal = now;
			if (now - first_signal > SILENCE_MS)
				return TALK_WAITING;
			next = now + SIGNAL_AGAIN_MS;
		} else if (next > goal->deadline) {
			next = goal->deadline;
		}
		talk = talk_wait(b, next > now ? next - now : 0);
	}
	if (goal->looked && goal->look_after < LOOK_LAST_MS)
		goal->look_after *= 2;
	return talk;
}

/*
 * Bochs does not look for watched memory after the last of its steps. So that one is taken alone,
 * with Bochs's trace of memory accesses, which costs too much for longer runs.
 */
static int access_trace_set(struct bochs *b, bool on)
{
	if (b->tracing_accesses == on)
		return 0;
	if (talk_ask(b, on ? "trace-mem on\n" : "trace-mem off\n"))
		return -1;
	b->tracing_accesses = on;
	return 0;
}

/* Runs once, until Bochs stops for any reason. Returns -1 if it is gone. */
static int run_once(struct bochs *b, struct goal *goal)
{
	char command[32];
	enum talk talk;

	if (command_choose(b, goal, command) ||
		access_trace_set(b, goal->until->n_watches && !strcmp(command, "s 1\n")))
		return -1;
	b->registers_known = false;
	b->moving = true;
	if (talk_send(b, command))
		return -1;
	talk = stop_await(b, goal);
	if (talk != TALK_ANSWERED)
		process_bury(b, talk == TALK_DIED ? END_GRACE_MS : 0);
	if (talk == TALK_WAITING) {
		b->exit = BOCHS_EXIT_FAILED;
		bochs_fail(b, "Bochs could not be stopped and was killed");
	}
	b->moving = false;
	talk_settle_output(b);
	if (talk != TALK_ANSWERED)
		trace_flush(b);
	return talk == TALK_ANSWERED ? 0 : -1;
}

/* A machine that was stopped before it moved, or in its sleep, still stands where it stood. */
static bool breakpoint_met(const struct bochs *b, const struct goal *goal, const char *words)
{
	if (b->registers.ticks == goal->start_ticks)
		return false;
	if (b->registers.halted && !strstr(words, BREAKPOINT_WORDS))
		return false;
	for (size_t i = 0; i < goal->until->n_addresses; i++)
		if (goal->until->addresses[i] == b->registers.pc)
			return true;
	return false;
}

static bool watch_met(struct bochs *b, const struct goal *goal, enum bochs_access access,
	uint32_t address, uint32_t length)
{
	for (size_t i = 0; i < goal->until->n_watches; i++) {
		const struct bochs_watch *w = &goal->until->watches[i];

		if (w->access == access && (uint64_t)address + length > w->address &&
			address < (uint64_t)w->address + w->length) {
			b->watch_hit = i;
			return true;
		}
	}
	return false;
}

/* What Bochs says of itself (an access of up to 16 bytes from that address), or its trace. */
static bool watch_touched(struct bochs *b, const struct goal *goal, const char *words)
{
	enum bochs_access access;
	uint32_t address, length;

	if (parse_watch_hit(words, &access, &address))
		return watch_met(b, goal, access, address, 16);
	while (b->tracing_accesses &&
		(words = parse_access(words, &access, &address, &length)) != NULL)
		if (watch_met(b, goal, access, address, length))
			return true;
	return false;
}

/*
 * A processor asleep with interrupts off sleeps for ever. One with interrupts on may be woken, but
 * past its limit that would have stopped it: so it has slept since.
 */
static bool sleeps_for_ever(const struct bochs *b, const struct goal *goal)
{
	const struct bochs_registers *r = &b->registers;

	return goal->looked && r->halted &&
	       (!(r->eflags & EFLAGS_IF) || r->ticks >= goal->sleep_limit);
}

/* Why did it stop? False: for no reason that matters, go on. */
static bool stop_classify(
	struct bochs *b, struct goal *goal, const char *words, enum bochs_stop *stop)
{
	const struct bochs_registers *r = &b->registers;

	if (breakpoint_met(b, goal, words))
		*stop = BOCHS_STOP_BREAKPOINT;
	else if (watch_touched(b, goal, words))
		*stop = BOCHS_STOP_WATCHPOINT;
	else if (r->instructions >= goal->instruction_limit)
		*stop = BOCHS_STOP_LIMIT;
	else if (r->ticks >= goal->tick_limit && !(goal->looked && r->halted))
		*stop = BOCHS_STOP_LIMIT;
	else if (sleeps_for_ever(b, goal))
		*stop = BOCHS_STOP_HALTED;
	else if (b->interrupted)
		*stop = BOCHS_STOP_INTERRUPTED;
	else if (milliseconds_now() >= goal->deadline)
		*stop = BOCHS_STOP_TIMEOUT;
	else
		return false;
	return true;
}

static enum bochs_stop run_towards(struct bochs *b, struct goal *goal)
{
	enum bochs_stop stop = BOCHS_STOP_INTERRUPTED;
	struct text words = {0};
	bool arrived = b->interrupted;

	goal->deadline = milliseconds_now() + 1000ull * b->seconds;
	goal->look_after = LOOK_FIRST_MS;
	while (!arrived) {
		if (run_once(b, goal)) {
			stop = stop_of_end(b);
			break;
		}
		text_clear(&words);
		text_append(&words, b->answer.bytes, b->answer.length);
		if (trace_stopped(b, strstr(words.bytes, BREAKPOINT_WORDS) != NULL)) {
			stop = stop_of_end(b);
			break;
		}
		arrived = stop_classify(b, goal, words.bytes, &stop);
	}
	text_free(&words);
	if (stop == BOCHS_STOP_INTERRUPTED)
		b->interrupted = 0;
	if (stop == BOCHS_STOP_TIMEOUT)
		bochs_fail(b, "the run took more than %u seconds of wall-clock time", b->seconds);
	return stop;
}

static int goal_prepare(struct bochs *b, const struct bochs_until *until)
{
	if (bochs_check_alive(b) || breakpoints_set(b, until) || watches_set(b, until))
		return -1;
	return bochs_registers(b) ? 0 : -1;
}

enum bochs_stop bochs_run(struct bochs *b, const struct bochs_until *until)
{
	struct goal goal = {.until = until, .instruction_limit = UINT64_MAX};

	if (!until->ticks) {
		bochs_fail(b, "a run needs a limit of at least one tick");
		return BOCHS_STOP_ERROR;
	}
	if (goal_prepare(b, until))
		return BOCHS_STOP_ERROR;
	goal.start_ticks = b->registers.ticks;
	goal.tick_limit = goal.start_ticks + until->ticks;
	if (goal.tick_limit < until->ticks || goal.tick_limit > INT64_MAX)
		goal.tick_limit = INT64_MAX;
	goal.sleep_limit = goal.tick_limit + SLEEP_TICKS;
	return run_towards(b, &goal);
}

enum bochs_stop bochs_run_until(struct bochs *b, uint32_t address, uint64_t ticks)
{
	struct bochs_until until = {.ticks = ticks, .addresses = &address, .n_addresses = 1};

	return bochs_run(b, &until);
}

enum bochs_stop bochs_run_ticks(struct bochs *b, uint64_t ticks)
{
	struct bochs_until until = {.ticks = ticks};

	return bochs_run(b, &until);
}

enum bochs_stop bochs_step(struct bochs *b, uint32_t n)
{
	struct goal goal = {.until = &nothing_to_meet, .tick_limit = UINT64_MAX};

	if (!n) {
		bochs_fail(b, "no steps to take");
		return BOCHS_STOP_ERROR;
	}
	if (goal_prepare(b, goal.until))
		return BOCHS_STOP_ERROR;
	goal.start_ticks = b->registers.ticks;
	goal.instruction_limit = b->registers.instructions + n;
	goal.sleep_limit = goal.start_ticks + n + SLEEP_TICKS;
	return run_towards(b, &goal);
}

size_t bochs_watch_hit(const struct bochs *b)
{
	return b->watch_hit;
}

void bochs_interrupt(struct bochs *b)
{
	pid_t who = b->process;

	b->interrupted = 1;
	if (who > 0)
		kill(who, SIGINT);
}

void bochs_interrupt_on(struct bochs *b, int fd)
{
	b->interrupt_fd = fd;
}
