/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a person types after "monitor" in GDB: a few commands of the bridge's own, and those of
 * Bochs's debugger that only look.
 *
 * The invariant: nothing here moves the machine, so that what GDB remembers of it stays true. The
 * one exception, "restart", says so.
 */
#include "bridge_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void help(struct bridge *b, const char *text);

static void ticks(struct bridge *b, const char *text)
{
	(void)text;
	say(b, "%" PRIu64 "\n", bochs_ticks(b->machine));
}

static void until_tick(struct bridge *b, const char *text)
{
	char *end;
	uint64_t tick = strtoull(text, &end, 10);

	if (!strcmp(text, "off")) {
		b->until_tick = 0;
		say(b, "continue stops at no tick\n");
	} else if (end == text || *end || tick <= bochs_ticks(b->machine)) {
		say(b, "until-tick wants a tick later than %" PRIu64 ", or off\n",
			bochs_ticks(b->machine));
	} else {
		b->until_tick = tick;
		say(b, "the next continue stops at tick %" PRIu64 " at the latest\n", tick);
	}
}

/* Whatever the machine has printed; a terminal should not obey it. */
static void bytes_show(struct bridge *b, const char *bytes, size_t length)
{
	char *clean = malloc(length + 1);
	size_t n = 0;

	for (size_t i = 0; clean && i < length; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c != '\r')
			clean[n++] =
				(char)(c == '\t' || c == '\n' || (c >= ' ' && c < 0x7f) ? c : '?');
	}
	if (n && clean[n - 1] != '\n')
		clean[n++] = '\n';
	rsp_send_output(&b->rsp, clean, n);
	free(clean);
}

static void log_show(struct bridge *b, const char *text)
{
	size_t length;
	const char *bytes = bochs_log(b->machine, &length);

	(void)text;
	bytes_show(b, bytes, length);
}

static void console_show(struct bridge *b, const char *text)
{
	size_t length;
	const char *bytes = bochs_console(b->machine, &length);

	(void)text;
	bytes_show(b, bytes, length);
}

static void screen_show(struct bridge *b, const char *text)
{
	static char rows[BOCHS_SCREEN_ROWS][BOCHS_SCREEN_COLUMNS + 1];

	(void)text;
	if (bochs_screen(b->machine, rows) != 0) {
		say(b, "%s\n", bochs_error(b->machine));
		return;
	}
	for (int row = 0; row < BOCHS_SCREEN_ROWS; row++) {
		size_t end = strlen(rows[row]);

		while (end > 0 && rows[row][end - 1] == ' ')
			end--;
		say(b, "|%.*s\n", (int)end, rows[row]);
	}
}

static void linear(struct bridge *b, const char *text)
{
	if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0) {
		say(b, "linear wants 0 or 1\n");
		return;
	}
	b->raw_eip = *text == '0';
	say(b, "eip is %s; \"maintenance flush register-cache\" shows it at once\n",
		b->raw_eip ? "the offset in CS" : "the linear address CS.base + EIP");
}

static void inside(struct bridge *b, const char *text)
{
	if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0) {
		say(b, "inside wants 0 or 1\n");
		return;
	}
	b->inside = *text == '1';
	say(b, "in a patch block a step is one instruction of %s\n",
		b->inside ? "the block's" : "the guest's");
}

static void why(struct bridge *b, const char *text)
{
	(void)text;
	say(b, "%s\n", *b->refusal ? b->refusal : "nothing has been refused");
}

static void restart(struct bridge *b, const char *text)
{
	(void)text;
	machine_drop(b);
	if (bridge_boot(b)) {
		say(b, "%s\n", b->error);
		return;
	}
	say(b, "booted again; now type \"maintenance flush register-cache\"\n");
}

static const struct {
	const char *word;
	void (*serve)(struct bridge *b, const char *text);
	const char *help;
} commands[] = {
	{"help", help, "this list"},
	{"why", why, "why the bridge last refused something"},
	{"ticks", ticks, "instructions since power-on"},
	{"until-tick", until_tick, "N|off: the next continue stops at that tick at the latest"},
	{"console", console_show, "all that came out of the serial line"},
	{"log", log_show, "all that the monitor has logged"},
	{"screen", screen_show, "the text screen"},
	{"linear", linear, "1: eip is CS.base + EIP, a linear address; 0: the offset in CS"},
	{"inside", inside,
		"1: in a patch block a step is one of the block's instructions; 0: the guest's"},
	{"restart", restart, "boots the machine again, up to where GDB found it"},
};

static void help(struct bridge *b, const char *text)
{
	(void)text;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		say(b, "%-11s %s\n", commands[i].word, commands[i].help);
	say(b, "and Bochs's own: r, sreg, creg, dreg, mmx, sse, print-stack,\n"
	       "info gdt|idt|ivt|tss|tab|cpu|eflags|device, page ADDRESS, u /COUNT ADDRESS,\n"
	       "x /COUNTxw ADDRESS, xp /COUNTxw MACHINE-ADDRESS\n");
}

/* Bochs's debugger is asked; NULL: not a command of its that only looks. */
static void bochs_ask(struct bridge *b, const char *command)
{
	const char *answer = bochs_inspect(b->machine, command);

	if (answer)
		say(b, "%s", answer);
	else
		say(b, "%s\n\"monitor help\" lists what there is\n", bochs_error(b->machine));
}

void monitor_command(struct bridge *b, const char *hex)
{
	char command[100];
	size_t length = rsp_from_hex((uint8_t *)command, hex, sizeof(command) - 1), word;
	const char *text;

	while (length && command[length - 1] == ' ')
		length--;
	command[length] = 0;
	word = strcspn(command, " ");
	text = command + word + strspn(command + word, " ");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strlen(commands[i].word) == word && !strncmp(command, commands[i].word, word)) {
			commands[i].serve(b, text);
			reply_ok(b);
			return;
		}
	if (!length)
		help(b, "");
	else
		bochs_ask(b, command);
	reply_ok(b);
}
