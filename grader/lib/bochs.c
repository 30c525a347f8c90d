/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handle: from bochs_start() to bochs_free(), and what the machine said.
 *
 * The invariant: a handle outlives its Bochs. Whatever happened to the process, the error, the
 * report, the console and the log can be read until bochs_free(), and every call that needs a
 * machine fails with the reason.
 */
#include "bochs_internal.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The process groups of all machines that run, for the signal handler. 0: a free place. */
static _Atomic pid_t groups[BOCHS_MACHINES_MAX];

int bochs_fail(struct bochs *b, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(b->error, sizeof(b->error), format, arguments);
	va_end(arguments);
	return -1;
}

int bochs_check_alive(struct bochs *b)
{
	static const char ended[] = "the machine has ended";

	if (b->exit == BOCHS_EXIT_NONE)
		return 0;
	if (!*b->error || b->exit == BOCHS_EXIT_ENDED)
		bochs_fail(b, "%s", ended);
	return -1;
}

const char *bochs_error(const struct bochs *b)
{
	return b->error;
}

enum bochs_exit bochs_exit_status(const struct bochs *b)
{
	return b->exit;
}

const char *bochs_report(const struct bochs *b)
{
	return b->report.bytes;
}

enum bochs_isolation bochs_isolation(const struct bochs *b)
{
	return b->isolation;
}

/* Enters a machine into a free place, or takes it out again. */
static bool group_replace(pid_t old, pid_t group)
{
	for (size_t i = 0; i < BOCHS_MACHINES_MAX; i++) {
		pid_t expected = old;

		if (atomic_compare_exchange_strong(&groups[i], &expected, group))
			return true;
	}
	return false;
}

/* Only calls that a signal handler may make. */
static void end_all(int signal_number)
{
	for (size_t i = 0; i < BOCHS_MACHINES_MAX; i++) {
		pid_t group = atomic_load(&groups[i]);

		if (group > 0)
			kill(-group, SIGKILL);
	}
	raise(signal_number); /* SA_RESETHAND: this time the default action */
}

void bochs_end_all_on_signal(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = end_all, .sa_flags = SA_RESETHAND}, old;

	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &action, NULL);
	}
}

int bochs_start(struct bochs **handle, const struct bochs_config *config)
{
	struct bochs *b = calloc(1, sizeof(*b));

	*handle = b;
	if (!b)
		return -1;
	b->commands = b->commands_reader = b->debugger = b->log = b->output = -1;
	b->disk = b->second_disk = b->console = b->memory = b->interrupt_fd = -1;
	text_clear(&b->line);
	text_clear(&b->answer);
	text_clear(&b->log_text);
	text_clear(&b->output_text);
	text_clear(&b->e9_text);
	text_clear(&b->console_text);
	text_clear(&b->report);
	if (config->keep_disk && !(b->keep_disk = strdup(config->keep_disk)))
		return bochs_fail(b, "no memory");
	if (process_start(b, config)) {
		b->exit = BOCHS_EXIT_FAILED;
		process_close(b);
		return -1;
	}
	b->group = b->process;
	if (!group_replace(0, b->group)) {
		bochs_end(b);
		return bochs_fail(
			b, "%u machines run in this process: no more", BOCHS_MACHINES_MAX);
	}
	return 0;
}

int bochs_end(struct bochs *b)
{
	static const char quit[] = "q\n";
	int result;

	if (b->ended)
		return 0;
	b->ended = true;
	if (b->exit == BOCHS_EXIT_NONE) {
		b->end_tick = b->registers_known ? b->registers.ticks : 0;
		if (write(b->commands, quit, strlen(quit)) == (ssize_t)strlen(quit))
			process_bury(b, END_GRACE_MS);
		b->exit = BOCHS_EXIT_ENDED;
		b->error[0] = 0;
	}
	process_close(b);
	if (b->group)
		group_replace(b->group, 0);
	result = disk_keep(b);
	return result;
}

void bochs_free(struct bochs *b)
{
	if (!b)
		return;
	bochs_end(b);
	if (b->disk >= 0)
		close(b->disk);
	if (b->second_disk >= 0)
		close(b->second_disk);
	if (b->console >= 0)
		close(b->console);
	text_free(&b->line);
	text_free(&b->answer);
	text_free(&b->log_text);
	text_free(&b->output_text);
	text_free(&b->e9_text);
	text_free(&b->console_text);
	text_free(&b->report);
	free(b->keep_disk);
	free(b);
}

uint64_t bochs_ticks(struct bochs *b)
{
	const struct bochs_registers *r;

	if (b->exit != BOCHS_EXIT_NONE)
		return b->end_tick;
	r = bochs_registers(b);
	return r ? r->ticks : 0;
}

const char *bochs_log(struct bochs *b, size_t *length)
{
	if (length)
		*length = b->e9_text.length;
	return b->e9_text.bytes;
}

uint64_t bochs_log_dropped(const struct bochs *b)
{
	return b->e9_dropped;
}

const char *bochs_console(struct bochs *b, size_t *length)
{
	char bytes[4096];
	ssize_t n;

	/* What came since the last time. */
	while (b->console >= 0 &&
		(n = pread(b->console, bytes, sizeof(bytes), (off_t)b->console_text.length)) > 0)
		text_append(&b->console_text, bytes, (size_t)n);
	if (length)
		*length = b->console_text.length;
	return b->console_text.bytes;
}

const char *bochs_inspect(struct bochs *b, const char *command)
{
	char line[128];
	char *answer, *end;

	if (!parse_is_inspection(command)) {
		bochs_fail(b,
			"not a command that only looks, or not written as Bochs wants it: %.60s",
			command);
		return NULL;
	}
	snprintf(line, sizeof(line), "%s\n", command);
	if (bochs_check_alive(b) || talk_ask(b, line))
		return NULL;
	/* The first line repeats the command, the last one the command behind it. */
	answer = strchr(b->answer.bytes, '\n');
	end = strstr(b->answer.bytes, "\ncalc 0x");
	if (!answer || !end)
		return "";
	end[1] = 0;
	return end < answer + 1 ? "" : answer + 1;
}
