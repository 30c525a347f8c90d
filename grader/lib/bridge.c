/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The session: one table says which packet goes to whom.
 *
 * The idea: a packet is a word and what follows it. Those that GDB sends to get acquainted need no
 * machine; the first that does boots it. A packet that is not in the table gets an empty reply,
 * which means in this protocol: not known here.
 *
 * Read: Debugging with GDB, appendix E, "Packets", "General Query Packets".
 */
#include "bridge_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct bridge *bridge_open(const struct bridge_options *options)
{
	struct bridge *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->options = *options;
	b->view = view_open();
	if (!b->view) {
		free(b);
		return NULL;
	}
	rsp_open(&b->rsp, -1, -1);
	return b;
}

void bridge_close(struct bridge *b)
{
	if (!b)
		return;
	bochs_free(b->machine);
	view_close(b->view);
	free(b);
}

const char *bridge_error(const struct bridge *b)
{
	return b->error;
}

int bridge_boot(struct bridge *b)
{
	struct bochs_config config = {.disk = b->options.disk,
		.second_disk = b->options.second_disk,
		.megs = b->options.megs,
		.e9 = true};

	if (b->machine)
		return 0;
	b->console_shown = 0;
	b->log_shown = 0;
	b->breakpoint_tick = 0;
	view_forget(b);
	b->signal = SIGNAL_TRAP;
	if (bochs_start(&b->machine, &config) != 0) {
		snprintf(b->error, sizeof(b->error), "%s",
			b->machine ? bochs_error(b->machine) : "out of memory");
		return -1;
	}
	if (run_to_start(b))
		return -1;
	bochs_interrupt_on(b->machine, b->rsp.in);
	return 0;
}

bool machine_lives(const struct bridge *b)
{
	return b->machine && bochs_exit_status(b->machine) == BOCHS_EXIT_NONE;
}

void machine_drop(struct bridge *b)
{
	bochs_free(b->machine);
	b->machine = NULL;
}

/* ---- replies ---- */

void reply(struct bridge *b, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	rsp_send(&b->rsp, text, strlen(text));
}

void reply_ok(struct bridge *b)
{
	reply(b, "OK");
}

void refuse(struct bridge *b, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(b->refusal, sizeof(b->refusal), format, arguments);
	va_end(arguments);
	reply(b, "E.%s", b->refusal);
}

void say(struct bridge *b, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	rsp_send_output(&b->rsp, text, (size_t)length);
	free(text);
}

/* ---- small packets; each takes what follows its word ---- */

static void supported(struct bridge *b, const char *text)
{
	(void)text;
	reply(b,
		"PacketSize=%x;QStartNoAckMode+;qXfer:features:read+;vContSupported+;swbreak+;hwbreak+",
		RSP_PACKET_MAX);
}

static void no_acks(struct bridge *b, const char *text)
{
	(void)text;
	reply_ok(b);
	b->rsp.no_acks = true;
}

static void say_yes(struct bridge *b, const char *text)
{
	(void)text;
	reply_ok(b);
}

/* The machine has one processor, and GDB sees it as thread 1. */
static void thread_current(struct bridge *b, const char *text)
{
	(void)text;
	reply(b, "QC1");
}

static void thread_first(struct bridge *b, const char *text)
{
	(void)text;
	reply(b, "m1");
}

static void thread_next(struct bridge *b, const char *text)
{
	(void)text;
	reply(b, "l");
}

/* 0: any, -1: all */
static bool thread_is_ours(const char *text)
{
	return !strcmp(text, "1") || !strcmp(text, "01") || !strcmp(text, "0") ||
	       !strcmp(text, "-1");
}

static void thread_alive(struct bridge *b, const char *text)
{
	if (thread_is_ours(text))
		reply_ok(b);
	else
		refuse(b, "there is one thread, number 1");
}

/* "Hg1", "Hc-1": which thread later packets mean. */
static void thread_select(struct bridge *b, const char *text)
{
	thread_alive(b, *text ? text + 1 : text);
}

static void not_attached(struct bridge *b, const char *text)
{
	(void)text;
	reply(b, "0"); /* quitting GDB ends the machine */
}

static void stop_ask(struct bridge *b, const char *text)
{
	(void)text;
	stop_tell(b);
}

static void detach(struct bridge *b, const char *text)
{
	(void)text;
	reply_ok(b);
	b->finished = true;
}

static void kill_machine(struct bridge *b, const char *text)
{
	(void)text;
	b->finished = true;
}

/* The next packet that needs a machine boots a new one. */
static void restart(struct bridge *b, const char *text)
{
	(void)text;
	machine_drop(b);
}

/* ---- go ---- */

static void go(struct bridge *b, char action, const char *text)
{
	uint32_t start, end;

	switch (action) {
	case 'c':
	case 'C':
		run_continue(b);
		break;
	case 's':
	case 'S':
		run_step(b);
		break;
	case 'r':
		if (rsp_take_number(&text, &start) && rsp_take_word(&text, ",") &&
			rsp_take_number(&text, &end))
			run_range(b, start, end);
		else
			refuse(b, "a range needs a start and an end");
		break;
	default:
		refuse(b, "the machine can be continued and stepped, not \"%c\"",
			action >= ' ' && action <= '~' ? action : '?');
	}
}

static void go_ask(struct bridge *b, const char *text)
{
	(void)text;
	reply(b, "vCont;c;C;s;S;r");
}

/* "s:1;c": the first action that is meant for our one thread. */
static void go_on(struct bridge *b, const char *text)
{
	if (!machine_lives(b))
		stop_tell(b);
	else
		go(b, *text, *text ? text + 1 : text);
}

/* "c", "s" as packets of their own. An address to go on at is nothing that GDB uses. */
static void go_continue(struct bridge *b, const char *text)
{
	(void)text;
	go_on(b, "c");
}

static void go_step(struct bridge *b, const char *text)
{
	(void)text;
	go_on(b, "s");
}

/* ---- the table ---- */

enum need { NOTHING, BOOTED, ALIVE }; /* what of the machine's a packet needs */

static const struct {
	const char *word;
	void (*serve)(struct bridge *b, const char *text);
	enum need need;
} packets[] = {
	/* longer words before shorter ones that begin them */
	{"qSupported", supported, NOTHING},
	{"QStartNoAckMode", no_acks, NOTHING},
	{"qXfer:features:read:", description_get, NOTHING},
	{"qAttached", not_attached, NOTHING},
	{"qC", thread_current, NOTHING},
	{"qfThreadInfo", thread_first, NOTHING},
	{"qsThreadInfo", thread_next, NOTHING},
	{"qRcmd,", monitor_command, BOOTED},
	{"vCont?", go_ask, NOTHING},
	{"vCont;", go_on, BOOTED},
	{"vKill", detach, NOTHING},
	{"!", say_yes, NOTHING},
	{"?", stop_ask, BOOTED},
	{"H", thread_select, NOTHING},
	{"T", thread_alive, NOTHING},
	{"R", restart, NOTHING},
	{"D", detach, NOTHING},
	{"k", kill_machine, NOTHING},
	{"c", go_continue, BOOTED},
	{"C", go_continue, BOOTED},
	{"s", go_step, BOOTED},
	{"S", go_step, BOOTED},
	{"g", registers_get_all, ALIVE},
	{"G", registers_set_all, ALIVE},
	{"p", register_get, ALIVE},
	{"P", register_set, ALIVE},
	{"m", memory_get, ALIVE},
	{"M", memory_set_hex, ALIVE},
	{"X", memory_set_binary, ALIVE},
	{"Z", point_insert, ALIVE},
	{"z", point_remove, ALIVE},
};

/* Returns -1 if there is no machine to serve. */
static int packet_serve(struct bridge *b)
{
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		const char *text = b->rsp.packet;

		if (!rsp_take_word(&text, packets[i].word))
			continue;
		if (packets[i].need != NOTHING && bridge_boot(b))
			return -1;
		if (b->rsp.closed)
			b->finished = true;
		else if (packets[i].need == ALIVE && !machine_lives(b))
			refuse(b, "the machine has ended");
		else
			packets[i].serve(b, text);
		return 0;
	}
	reply(b, "%s", "");
	return 0;
}

int bridge_serve(struct bridge *b, int in, int out)
{
	int result = 0;

	rsp_open(&b->rsp, in, out);
	if (b->machine)
		bochs_interrupt_on(b->machine, in);
	while (!b->finished && result == 0) {
		enum rsp_event event = b->waiting;

		b->waiting = RSP_NOTHING;
		if (event == RSP_NOTHING)
			event = rsp_receive(&b->rsp);
		if (event == RSP_CLOSED)
			b->finished = true;
		else if (event == RSP_PACKET)
			result = packet_serve(b);
		else if (event == RSP_TOO_LONG)
			refuse(b, "a packet of more than %u bytes", RSP_PACKET_MAX);
	}
	return result;
}
