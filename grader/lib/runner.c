/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs graded tests in parallel.
 *
 * Invariants: a slot is empty, or holds one process that is not waited for, so its number and
 * its group's number cannot have become another's when they are killed; and a verdict other than
 * ERROR comes only from a whole report of a process that ended by itself.
 *
 * Reading: waitid(2) on WNOWAIT, setpgid(2), prctl(2) on PR_SET_PDEATHSIG.
 */
#include "runner.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS    50
#define CHUNK      16384
#define REPORT_MAX (1u << 20) /* bytes of one test's report */

/* One running test. */
struct slot {
	struct judged_test *test; /* NULL: the slot is empty */
	pid_t pid;                /* also the number of its process group */
	int fd;                   /* the pipe to read, -1 after its end */
	int64_t deadline;
	char *report;
	size_t size;
};

struct run {
	const struct runner *runner;
	struct result *result;
	struct slot *slots;
	size_t started, ended;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool run_stopped(const struct run *run)
{
	return run->runner->stop && *run->runner->stop;
}

/* ---- one test's process ---- */

/* A folder of its own for the test's temporary files: the judge removes it with its own. */
static void child_set_folder(const struct runner *runner, const char *name)
{
	char *folder = text_print("%s/%s", runner->work, name);

	if (mkdir(folder, 0700) == 0 || errno == EEXIST)
		setenv("TMPDIR", folder, 1);
	free(folder);
}

static _Noreturn void child_run(
	const struct runner *runner, const struct graded_test *test, int fd, pid_t parent)
{
	struct judgement judgement = runner->judgement;
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Standard output is the result's. */
	dup2(STDERR_FILENO, STDOUT_FILENO);
	judgement.test = test_name(test);
	child_set_folder(runner, judgement.test);
	test_run(&judgement, test, fd);
}

static void test_fail_to_start(struct run *run, struct judged_test *test, int error)
{
	free(test->message);
	test->message = text_print("the test could not be started: %s", strerror(error));
	run->ended++;
}

static void slot_start(struct run *run, struct slot *slot, struct judged_test *test)
{
	unsigned seconds = run->runner->seconds ? run->runner->seconds : RUNNER_SECONDS;
	pid_t parent = getpid();
	int fds[2];

	run->started++;
	if (pipe2(fds, O_CLOEXEC) != 0) {
		test_fail_to_start(run, test, errno);
		return;
	}
	fflush(NULL); /* or the child has a copy of what is not written yet */
	*slot = (struct slot){.fd = fds[0], .deadline = now_ms() + (int64_t)seconds * 1000};
	slot->pid = fork();
	if (slot->pid == 0)
		child_run(run->runner, test->test, fds[1], parent);
	close(fds[1]);
	if (slot->pid < 0) {
		test_fail_to_start(run, test, errno);
		close(fds[0]);
		return;
	}
	setpgid(slot->pid, slot->pid); /* both do it, so it is done for both */
	fcntl(slot->fd, F_SETFL, O_NONBLOCK);
	slot->test = test;
}

/* Keeps a piece of the report. One that is too long is none: it is read to its end all the same. */
static void slot_keep(struct slot *slot, const char *data, size_t size)
{
	char *report = NULL;

	if (slot->size + size <= REPORT_MAX)
		report = realloc(slot->report, slot->size + size);
	if (!report) {
		slot->size = REPORT_MAX + 1;
		return;
	}
	memcpy(report + slot->size, data, size);
	slot->report = report;
	slot->size += size;
}

/* Reads what has come of the report. */
static void slot_read(struct slot *slot)
{
	char data[CHUNK];

	while (slot->fd >= 0) {
		ssize_t got = read(slot->fd, data, sizeof(data));

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got > 0) {
			slot_keep(slot, data, (size_t)got);
			continue;
		}
		close(slot->fd);
		slot->fd = -1;
	}
}

/* ---- reports ---- */

static void report_take_measured(struct judged_test *test, json_t *measured)
{
	const char *name;
	json_t *value;

	test->measured = calloc(json_object_size(measured) + 1, sizeof(*test->measured));
	if (!test->measured)
		return;
	json_object_foreach(measured, name, value)
	{
		test->measured[test->measured_count++] =
			(struct measured){.name = text_print("%s", name),
				.value = (uint64_t)json_integer_value(value)};
	}
}

/* False: it is not a whole report. */
static bool report_take(const struct run *run, struct slot *slot)
{
	json_t *report = NULL, *measured;
	const char *status, *message;
	char *folder;

	if (slot->report && slot->size <= REPORT_MAX)
		report = json_loadb(slot->report, slot->size, 0, NULL);
	if (json_unpack(report, "{s:s, s:s, s:o}", "status", &status, "message", &message,
		    "measured", &measured) != 0) {
		json_decref(report);
		return false;
	}
	slot->test->verdict = strcmp(status, "passed") == 0   ? PASSED
			      : strcmp(status, "failed") == 0 ? FAILED
							      : ERROR;
	/* The name of the temporary folder is another one each time. */
	folder = text_print("%s/", run->runner->work);
	free(slot->test->message);
	slot->test->message = text_without(message, folder);
	free(folder);
	report_take_measured(slot->test, measured);
	json_decref(report);
	return true;
}

/* What to say of a process that gave no report. */
static char *ending_text(const struct run *run, int status, bool timeout)
{
	unsigned seconds = run->runner->seconds ? run->runner->seconds : RUNNER_SECONDS;

	if (run_stopped(run))
		return text_print("stopped before it ended");
	if (timeout)
		return text_print("took more than %u seconds: try again when this machine has "
				  "less to do, or with fewer jobs",
			seconds);
	if (WIFSIGNALED(status))
		return text_print("the test's process was ended by signal %d (%s)",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	return text_print(
		"the test's process ended without a report, with status %d", WEXITSTATUS(status));
}

/* ---- the slots ---- */

/* Ends what is left of the test's processes and takes its report. */
static void slot_finish(struct run *run, struct slot *slot, bool timeout)
{
	int status;

	kill(-slot->pid, SIGKILL);
	while (waitpid(slot->pid, &status, 0) < 0 && errno == EINTR)
		;
	slot_read(slot);
	if (timeout || !WIFEXITED(status) || WEXITSTATUS(status) != 0 || !report_take(run, slot)) {
		slot->test->verdict = ERROR;
		free(slot->test->message);
		slot->test->message = ending_text(run, status, timeout);
	}
	if (slot->fd >= 0)
		close(slot->fd);
	free(slot->report);
	*slot = (struct slot){.fd = -1};
	run->ended++;
}

/*
 * Looks after one slot. A test that takes too long is an ERROR and costs nothing by itself: what
 * the guest and the student's code may take is limited in instructions, by the tests. Seconds
 * say only that this machine was slow, or that the emulator hangs.
 */
static void slot_check(struct run *run, struct slot *slot)
{
	siginfo_t info = {0};

	slot_read(slot);
	if (waitid(P_PID, (id_t)slot->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		info.si_pid != 0)
		slot_finish(run, slot, false);
	else if (run_stopped(run))
		slot_finish(run, slot, false);
	else if (now_ms() >= slot->deadline)
		slot_finish(run, slot, true);
}

static void progress_show(const struct run *run)
{
	if (!run->runner->progress)
		return;
	if (run->ended == run->result->count || run_stopped(run))
		fputs("\r\033[K", stderr);
	else
		fprintf(stderr, "\r\033[K%zu of %zu tests done", run->ended, run->result->count);
	fflush(stderr);
}

/* Waits until a test has something to say, or a moment. */
static void run_wait(struct run *run, struct pollfd *polls)
{
	unsigned jobs = run->runner->jobs;
	bool ending = false;

	for (unsigned i = 0; i < jobs; i++) {
		struct slot *slot = &run->slots[i];

		polls[i] = (struct pollfd){.fd = slot->test ? slot->fd : -1, .events = POLLIN};
		ending |= slot->test && slot->fd < 0;
	}
	/* The end of its pipe comes a moment before the end of a process. */
	poll(polls, jobs, ending ? 1 : TICK_MS);
}

static void run_all(struct run *run, struct pollfd *polls)
{
	const struct result *result = run->result;
	unsigned jobs = run->runner->jobs;
	size_t shown = SIZE_MAX;

	while (run->ended < result->count && !(run_stopped(run) && run->ended == run->started)) {
		for (unsigned i = 0; i < jobs; i++)
			if (!run->slots[i].test && run->started < result->count &&
				!run_stopped(run))
				slot_start(run, &run->slots[i], &result->tests[run->started]);
		if (shown != run->ended)
			progress_show(run);
		shown = run->ended;
		run_wait(run, polls);
		for (unsigned i = 0; i < jobs; i++)
			if (run->slots[i].test)
				slot_check(run, &run->slots[i]);
	}
	progress_show(run);
}

/* Says in one place that tests could not be judged. */
static void result_note_errors(struct result *result, bool stopped)
{
	size_t count = 0;

	for (size_t i = 0; i < result->count; i++) {
		struct judged_test *test = &result->tests[i];

		if (test->verdict == ERROR)
			count++;
		if (test->verdict == ERROR && *test->message == '\0') {
			free(test->message);
			test->message = text_print("was not started");
		}
	}
	if (count == 0)
		return;
	free(result->error);
	result->error = text_print("%s%zu of %zu tests could not be judged",
		stopped ? "stopped: " : "", count, result->count);
}

void runner_run(const struct runner *runner, struct result *result)
{
	struct run run = {.runner = runner,
		.result = result,
		.slots = calloc(runner->jobs, sizeof(*run.slots))};
	struct pollfd *polls = calloc(runner->jobs, sizeof(*polls));

	if (run.slots && polls)
		run_all(&run, polls);
	free(run.slots);
	free(polls);
	result_note_errors(result, run_stopped(&run));
}
