/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a program that reads hostile input.
 *
 * A submission is never run here, but it is compiled, and a compiler does what its input says:
 * it opens the files that are included, expands macros without end, writes messages without end.
 * So the compiler sees only what it needs, and everything that it can use up has a limit.
 *
 * Invariant: the file that is taken out comes through a pipe, written by a process inside, so no
 * link or device that lies in the writable folder is ever opened with the judge's own rights.
 *
 * Reading: pipe(7), waitid(2) on WNOWAIT. How a process is confined: confinement.c.
 */
#include "sandbox.h"
#include "confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * Whom root steps down to. The limit on processes counts per user, so each judge takes a user of
 * its own, above those that systems give out; where a container has no such numbers, NOBODY.
 */
#define OWN_USERS 2000000000u
#define NOBODY    65534u

#define TICK_MS 50
#define CHUNK   65536

/* ---- watching it ---- */

struct watch {
	const struct sandbox_command *command;
	struct sandbox_outcome *outcome;
	pid_t pid;
	int output[2], result[2]; /* pipes; an end is -1 when it is closed */
	int copy;                 /* the file that the result goes to, or -1 */
	size_t copied;
	int error; /* errno of what the judge itself could not do */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void descriptor_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void output_keep(struct sandbox_outcome *outcome, const char *data, size_t size)
{
	size_t room = SANDBOX_OUTPUT - outcome->output_size;

	if (size > room)
		outcome->cut = true;
	memcpy(outcome->output + outcome->output_size, data, size < room ? size : room);
	outcome->output_size += size < room ? size : room;
}

static void result_keep(struct watch *watch, const char *data, size_t size)
{
	watch->copied += size;
	if (watch->copied > SANDBOX_RESULT)
		return;
	while (size > 0 && watch->error == 0) {
		ssize_t put = write(watch->copy, data, size);

		if (put < 0 && errno != EINTR)
			watch->error = errno;
		if (put > 0) {
			data += put;
			size -= (size_t)put;
		}
	}
}

/* Reads what is there now. More than a few times the pipe's size at once is never waited for. */
static void pipe_drain(struct watch *watch, int *pipe)
{
	static char data[CHUNK];

	for (unsigned round = 0; *pipe >= 0 && round < 16; round++) {
		ssize_t got = read(*pipe, data, sizeof(data));

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got <= 0)
			descriptor_close(pipe);
		else if (pipe == &watch->output[0])
			output_keep(watch->outcome, data, (size_t)got);
		else
			result_keep(watch, data, (size_t)got);
	}
}

/* Waits for news, then says whether, and how, it is over. */
static bool watch_over(struct watch *watch, int64_t deadline)
{
	struct pollfd polls[] = {{.fd = watch->output[0], .events = POLLIN},
		{.fd = watch->result[0], .events = POLLIN}};
	bool quiet = watch->output[0] < 0 && watch->result[0] < 0;
	siginfo_t info = {0};

	poll(polls, 2, quiet ? 1 : TICK_MS);
	pipe_drain(watch, &watch->output[0]);
	pipe_drain(watch, &watch->result[0]);
	if (watch->error != 0)
		watch->outcome->ending = SANDBOX_BROKEN;
	else if (watch->copied > SANDBOX_RESULT)
		watch->outcome->ending = SANDBOX_TOO_LARGE;
	else if (watch->command->stop && *watch->command->stop)
		watch->outcome->ending = SANDBOX_STOPPED;
	else if (waitid(P_PID, (id_t)watch->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		 info.si_pid != 0)
		watch->outcome->ending = SANDBOX_ENDED;
	else if (now_ms() >= deadline)
		watch->outcome->ending = SANDBOX_TIMEOUT;
	else
		return false;
	return true;
}

static void watch_run(struct watch *watch)
{
	unsigned seconds = watch->command->seconds ? watch->command->seconds : SANDBOX_SECONDS;
	int64_t deadline = now_ms() + (int64_t)seconds * 1000;
	int status;

	while (!watch_over(watch, deadline))
		;
	/* It is not waited for yet, so its number cannot have become another's. */
	kill(-watch->pid, SIGKILL);
	kill(watch->pid, SIGKILL);
	while (waitpid(watch->pid, &status, 0) < 0 && errno == EINTR)
		;
	watch->outcome->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	pipe_drain(watch, &watch->output[0]);
	pipe_drain(watch, &watch->result[0]);
	if (watch->outcome->ending == SANDBOX_ENDED && watch->copied > SANDBOX_RESULT)
		watch->outcome->ending = SANDBOX_TOO_LARGE;
}

/* Opens all that the process needs. */
static bool watch_prepare(struct watch *watch)
{
	const struct sandbox_command *command = watch->command;

	if (command->result) {
		watch->copy = open(command->result_path,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (watch->copy < 0)
			return false;
	}
	return pipe2(watch->output, O_CLOEXEC) == 0 && pipe2(watch->result, O_CLOEXEC) == 0 &&
	       fcntl(watch->output[0], F_SETFL, O_NONBLOCK) == 0 &&
	       fcntl(watch->result[0], F_SETFL, O_NONBLOCK) == 0;
}

static bool watch_start(struct watch *watch, const struct confinement *confinement)
{
	const struct sandbox_command *command = watch->command;

	if (confinement->kind == OTHER_USER &&
		chown(command->writable, confinement->user, confinement->user) != 0)
		return false;
	watch->pid = fork();
	if (watch->pid == 0)
		confinement_enter(confinement, command, watch->output[1], watch->result[1]);
	descriptor_close(&watch->output[1]);
	descriptor_close(&watch->result[1]);
	return watch->pid > 0;
}

static enum sandbox_ending confined_run(const struct sandbox_command *command,
	struct sandbox_outcome *outcome, const struct confinement *confinement)
{
	struct watch watch = {.command = command,
		.outcome = outcome,
		.output = {-1, -1},
		.result = {-1, -1},
		.copy = -1};

	outcome->ending = SANDBOX_BROKEN;
	outcome->status = 0;
	outcome->cut = false;
	outcome->output_size = 0;
	if (watch_prepare(&watch) && watch_start(&watch, confinement))
		watch_run(&watch);
	else
		watch.error = errno;
	for (size_t i = 0; i < 2; i++) {
		descriptor_close(&watch.output[i]);
		descriptor_close(&watch.result[i]);
	}
	if (watch.copy >= 0 && close(watch.copy) != 0 && watch.error == 0)
		watch.error = errno;
	if (watch.error != 0)
		outcome->ending = SANDBOX_BROKEN;
	if (watch.copy >= 0 && (outcome->ending != SANDBOX_ENDED || outcome->status != 0))
		unlink(command->result_path);
	errno = watch.error;
	return outcome->ending;
}

/* ---- which confinement? ---- */

static bool confinement_works(const struct confinement *confinement)
{
	static struct sandbox_outcome outcome;
	static const char *const words[] = {"true", NULL};
	char folder[] = "/tmp/ringfence.XXXXXX";
	struct sandbox_command command = {.argv = words, .writable = folder};
	bool works;

	if (!mkdtemp(folder))
		return false;
	works = confined_run(&command, &outcome, confinement) == SANDBOX_ENDED &&
		outcome.status == 0;
	rmdir(folder);
	return works;
}

/* The best that works here, tried once. NULL: nothing does. */
static const struct confinement *confinement_here(void)
{
	static struct confinement tries[] = {{BUBBLEWRAP, 0}, {BUBBLEWRAP, NOBODY}, {OTHER_USER, 0},
		{OTHER_USER, NOBODY}, {LIMITS, 0}};
	static const struct confinement *found;
	const char *wish = getenv("RINGFENCE_SANDBOX");
	bool limits = wish && strcmp(wish, "limits") == 0;

	for (size_t i = 0; !found && i < sizeof(tries) / sizeof(tries[0]); i++) {
		if ((tries[i].kind == BUBBLEWRAP && limits) ||
			(tries[i].kind == OTHER_USER && geteuid() != 0))
			continue;
		if (tries[i].user == 0)
			tries[i].user = OWN_USERS + (unsigned)getpid();
		if (confinement_works(&tries[i]))
			found = &tries[i];
	}
	return found;
}

const char *sandbox_kind(void)
{
	static const char *const names[] = {[BUBBLEWRAP] = "bubblewrap",
		[OTHER_USER] = "unprivileged user with resource limits",
		[LIMITS] = "resource limits only"};
	const struct confinement *confinement = confinement_here();

	return confinement ? names[confinement->kind] : NULL;
}

bool sandbox_admit(const char *folder)
{
	const struct confinement *confinement = confinement_here();

	if (geteuid() != 0 || !confinement)
		return true;
	return chown(folder, (uid_t)-1, confinement->user) == 0 && chmod(folder, 0710) == 0;
}

enum sandbox_ending sandbox_run(
	const struct sandbox_command *command, struct sandbox_outcome *outcome)
{
	const struct confinement *confinement = confinement_here();

	if (confinement)
		return confined_run(command, outcome, confinement);
	errno = ENOSYS;
	return outcome->ending = SANDBOX_BROKEN;
}
