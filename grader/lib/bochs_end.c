/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a Bochs ends, and how one finds out.
 *
 * The idea: a machine that switches itself off, one that triple-faults and a Bochs that cannot go
 * on look alike from outside: exit status 1. Bochs's log tells them apart, and what code in the
 * machine writes into that log does not look like a panic.
 *
 * The invariant: when this is done no process of the group is left, and the streams have been read
 * to their end.
 *
 * Read: waitpid(2), setsid(2).
 */
#include "bochs_internal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>

/* Kills what is left of Bochs and waits for it. Returns waitpid()'s status. */
static int kill_group(struct bochs *b)
{
	int status = 0;

	if (!b->process)
		return 0;
	kill(-b->process, SIGKILL);
	kill(b->process, SIGKILL);
	while (waitpid(b->process, &status, 0) < 0 && errno == EINTR)
		;
	b->process = 0;
	return status;
}

/* Takes in what the streams still hold, until all have ended or the time is over. */
static void streams_drain(struct bochs *b, uint64_t milliseconds)
{
	uint64_t end = milliseconds_now() + milliseconds;
	bool more[3] = {true, true, b->output >= 0};

	while (more[0] || more[1] || more[2]) {
		struct pollfd p[3] = {
			{more[0] ? b->debugger : -1, POLLIN, 0},
			{more[1] ? b->log : -1, POLLIN, 0},
			{more[2] ? b->output : -1, POLLIN, 0},
		};
		uint64_t now = milliseconds_now();
		int n = poll(p, 3, now < end ? (int)(end - now) : 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		if (p[0].revents)
			more[0] = talk_read_debugger(b);
		if (p[1].revents)
			more[1] = talk_read_log(b);
		if (p[2].revents)
			more[2] = talk_read_output(b);
	}
}

/* Reaps Bochs, by force when the time is over. Returns waitpid()'s status. */
static int child_reap(struct bochs *b, uint64_t milliseconds)
{
	uint64_t end = milliseconds_now() + milliseconds;
	int status;

	do {
		pid_t pid = waitpid(b->process, &status, WNOHANG);

		if (pid == b->process) {
			kill(-b->process, SIGKILL);
			b->process = 0;
			return status;
		}
		poll(NULL, 0, 1);
	} while (milliseconds_now() < end);
	return kill_group(b);
}

/* Says how Bochs ended, from its log and its exit status. */
static void end_classify(struct bochs *b, int status)
{
	char message[WHY_MAX];
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (parse_panic(b->log_text.bytes, message, &b->end_tick)) {
		if (strstr(message, "shutdown requested"))
			b->exit = BOCHS_EXIT_POWER_OFF;
		else if (strstr(message, "exception with no resolution"))
			b->exit = BOCHS_EXIT_TRIPLE_FAULT;
		else
			b->exit = BOCHS_EXIT_PANIC;
		bochs_fail(b, "the machine ended at tick %llu: %s", (unsigned long long)b->end_tick,
			message);
	} else if (signal) {
		b->exit = BOCHS_EXIT_KILLED;
		bochs_fail(b, "Bochs was killed by signal %d (%s)", signal, strsignal(signal));
	} else {
		b->exit = BOCHS_EXIT_FAILED;
		parse_last_line(b->log_text.bytes, message);
		bochs_fail(b, "it ended with status %d%s%s", WEXITSTATUS(status),
			*message ? "; its last words: " : " and said nothing", message);
	}
	parse_report(b->log_text.bytes, &b->report);
}

void process_bury(struct bochs *b, uint64_t grace_milliseconds)
{
	int status;

	if (b->exit != BOCHS_EXIT_NONE)
		return;
	if (grace_milliseconds)
		streams_drain(b, grace_milliseconds);
	status = child_reap(b, grace_milliseconds);
	streams_drain(b, 0);
	end_classify(b, status);
}

void process_close(struct bochs *b)
{
	kill_group(b);
	fd_close(&b->commands);
	fd_close(&b->commands_reader);
	fd_close(&b->debugger);
	fd_close(&b->log);
	fd_close(&b->output);
	fd_close(&b->memory);
}
