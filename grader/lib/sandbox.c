/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a program that reads hostile input.
 *
 * A submission is never run here, but it is compiled, and a compiler does what its input says:
 * it opens the files that are included, expands macros without end, writes messages without end.
 * So the compiler sees only what it needs, and everything that it can use up has a limit.
 *
 * Invariants: the file that is taken out comes through a pipe, written by a process inside, so
 * no link or device that lies in the writable folder is ever opened with the judge's own rights;
 * and no descriptor of the judge's is open inside but the output's, the result's and /dev/null.
 *
 * Reading: bwrap(1), setrlimit(2), credentials(7), prctl(2) on PR_SET_PDEATHSIG.
 */
#include "sandbox.h"
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOBODY    65534
#define RESULT_FD 3
#define WORDS_MAX 512
#define TEXT_MAX  16384
#define TICK_MS   50
#define PROGRAMS  "/usr/bin:/bin"
#define CHUNK     65536

enum confinement { UNKNOWN, BUBBLEWRAP, OTHER_USER, LIMITS, NONE };

/*
 * The user and the group that root steps down to. The limit on processes counts per user, so
 * each judge takes a user of its own, above those that systems give out; where a container has
 * no such numbers, all share NOBODY.
 */
#define OWN_USERS 2000000000
static unsigned inner_user = NOBODY;

/* What every program may read. The first four are links into /usr on most systems. */
static const char *const system_paths[] = {
	"/bin", "/lib", "/lib32", "/lib64", "/usr", "/etc/alternatives", "/etc/ld.so.cache", NULL};

/* Runs the command, then writes the result to the descriptor that waits for it. */
static const char result_script[] =
	"file=$1/$2; shift 2; \"$@\" 3>&- || exit; exec cat \"$file\" >&3";

/* ---- the command line ---- */

struct words {
	const char *word[WORDS_MAX];
	size_t count;
	char text[TEXT_MAX]; /* of the words that are made here */
	size_t text_size;
};

static void words_add(struct words *words, const char *word)
{
	if (words->count < WORDS_MAX - 1)
		words->word[words->count++] = word;
}

/* Adds words up to a NULL. */
static void words_add_all(struct words *words, const char *const *list)
{
	for (size_t i = 0; list && list[i]; i++)
		words_add(words, list[i]);
}

/* Adds a word that is made here. */
__attribute__((format(printf, 2, 3))) static void words_add_made(
	struct words *words, const char *format, ...)
{
	char *text = words->text + words->text_size;
	size_t room = TEXT_MAX - words->text_size;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, room, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= room) {
		words->count = WORDS_MAX - 1; /* words_fill() refuses it */
		return;
	}
	words->text_size += (size_t)length + 1;
	words_add(words, text);
}

/* Makes the folders on the way to a path, so that everyone can pass: bwrap lets only root. */
static void words_add_parents(struct words *words, const char *path)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		words_add(words, "--dir");
		words_add_made(words, "%.*s", (int)(slash - path), path);
	}
}

static void words_add_mounts(struct words *words, const char *option, const char *const *paths)
{
	for (size_t i = 0; paths && paths[i]; i++) {
		words_add_parents(words, paths[i]);
		words_add(words, option);
		words_add(words, paths[i]);
		words_add(words, paths[i]);
	}
}

/*
 * Everything new, and a limit on processes that is set inside: outside it would count what else
 * the user runs. Root keeps its identity until the folders are in place, because others may not
 * reach them, then becomes nobody; other users get a namespace for users.
 */
static void words_add_bubblewrap(struct words *words, const struct sandbox_command *command)
{
	static const char *const namespaces[] = {"bwrap", "--die-with-parent", "--new-session",
		"--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts",
		"--unshare-cgroup-try", NULL};
	static const char *const devices[] = {
		"--dir", "/dev", "--dev-bind", "/dev/null", "/dev/null", NULL};
	static const char *const size[] = {
		"--perms", "0777", "--size", "67108864", "--tmpfs", NULL};
	static const char *const still[] = {"--remount-ro", "/", "--chdir", "/", NULL};
	static const char *const user[] = {
		"--unshare-user", "--uid", "65534", "--gid", "65534", "--", NULL};
	static const char *const root[] = {"--cap-drop", "ALL", "--cap-add", "CAP_SETUID",
		"--cap-add", "CAP_SETGID", "--", "setpriv", "--clear-groups", NULL};
	static const char *const processes[] = {"prlimit", "--nproc=256", "--", NULL};

	_Static_assert(SANDBOX_DISK_BYTES == 67108864, "stands in a word above");
	_Static_assert(SANDBOX_PROCESSES == 256, "stands in a word above");
	words_add_all(words, namespaces);
	words_add_mounts(words, "--ro-bind-try", system_paths);
	words_add_all(words, devices);
	words_add_mounts(words, "--ro-bind", command->readable);
	words_add_parents(words, command->writable);
	words_add_all(words, size);
	words_add(words, command->writable);
	words_add_all(words, still);
	words_add_all(words, geteuid() == 0 ? root : user);
	if (geteuid() == 0) {
		words_add_made(words, "--reuid=%u", inner_user);
		words_add_made(words, "--regid=%u", inner_user);
	}
	words_add_all(words, processes);
}

/* False if the command line is too long. */
static bool words_fill(
	struct words *words, const struct sandbox_command *command, enum confinement confinement)
{
	if (confinement == BUBBLEWRAP)
		words_add_bubblewrap(words, command);
	if (command->result) {
		words_add(words, "/bin/sh");
		words_add(words, "-c");
		words_add(words, result_script);
		words_add(words, "sandbox");
		words_add(words, command->writable);
		words_add(words, command->result);
	}
	words_add_all(words, command->argv);
	words->word[words->count] = NULL;
	return words->count < WORDS_MAX - 1;
}

/* ---- the process inside ---- */

static bool limit_set(__rlimit_resource_t resource, rlim_t soft, rlim_t hard)
{
	struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};

	return setrlimit(resource, &limit) == 0;
}

static bool limits_set(void)
{
	/* Over the soft limit of CPU time a compiler can still say so; over the hard one not. */
	return limit_set(RLIMIT_CPU, SANDBOX_CPU_SECONDS, SANDBOX_CPU_SECONDS + 1) &&
	       limit_set(RLIMIT_AS, SANDBOX_MEMORY, SANDBOX_MEMORY) &&
	       limit_set(RLIMIT_FSIZE, SANDBOX_FILE_BYTES, SANDBOX_FILE_BYTES) &&
	       limit_set(RLIMIT_NOFILE, SANDBOX_FILES, SANDBOX_FILES) &&
	       limit_set(RLIMIT_CORE, 0, 0);
}

static bool privileges_drop(void)
{
	return limit_set(RLIMIT_NPROC, SANDBOX_PROCESSES, SANDBOX_PROCESSES) &&
	       setgroups(0, NULL) == 0 && setresgid(inner_user, inner_user, inner_user) == 0 &&
	       setresuid(inner_user, inner_user, inner_user) == 0;
}

static void signals_reset(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Puts the descriptors in their places, and closes all others. */
static bool descriptors_set(int output, int result)
{
	int null = open("/dev/null", O_RDONLY);
	/* Out of the way first: any of them may lie where another has to go. */
	int high = fcntl(output, F_DUPFD, 10);
	int high_result = fcntl(result, F_DUPFD, 10);

	return null >= 0 && high >= 0 && high_result >= 0 && dup2(null, 0) == 0 &&
	       dup2(high, 1) == 1 && dup2(high, 2) == 2 && dup2(high_result, RESULT_FD) >= 0 &&
	       close_range(RESULT_FD + 1, ~0U, 0) == 0;
}

static _Noreturn void child_run(const struct sandbox_command *command, enum confinement confinement,
	const char *const *words, int output, int result)
{
	char temporary[4096];
	char *environment[] = {"PATH=" PROGRAMS, "HOME=/nonexistent", "LC_ALL=C",
		"SOURCE_DATE_EPOCH=946684800", temporary, NULL};
	pid_t parent = getppid();
	int length = snprintf(temporary, sizeof(temporary), "TMPDIR=%s", command->writable);

	if (length < 0 || (size_t)length >= sizeof(temporary) || !descriptors_set(output, result))
		_exit(126);
	signals_reset();
	setsid();
	if (!limits_set() || chdir("/") != 0)
		_exit(126);
	if (confinement == OTHER_USER && !privileges_drop())
		_exit(126);
	if (confinement != BUBBLEWRAP) {
		setenv("PATH", PROGRAMS, 1);
		landlock_confine(system_paths, command->readable, command->writable);
	}
	/* Set last, for a change of user clears it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	execvpe(words[0], (char *const *)words, environment);
	dprintf(2, "%s: %s\n", words[0], strerror(errno));
	_exit(127);
}

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

static bool watch_start(struct watch *watch, enum confinement confinement)
{
	struct words words = {0};

	if (confinement == OTHER_USER &&
		chown(watch->command->writable, inner_user, inner_user) != 0)
		return false;
	if (!words_fill(&words, watch->command, confinement)) {
		errno = E2BIG;
		return false;
	}
	watch->pid = fork();
	if (watch->pid == 0)
		child_run(watch->command, confinement, words.word, watch->output[1],
			watch->result[1]);
	descriptor_close(&watch->output[1]);
	descriptor_close(&watch->result[1]);
	return watch->pid > 0;
}

static enum sandbox_ending confined_run(const struct sandbox_command *command,
	struct sandbox_outcome *outcome, enum confinement confinement)
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

static bool confinement_works(enum confinement confinement)
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

static enum confinement confinement_find(void)
{
	const char *wish = getenv("RINGFENCE_SANDBOX");
	bool limits = wish && strcmp(wish, "limits") == 0;
	unsigned users[] = {OWN_USERS + (unsigned)getpid(), NOBODY};

	for (size_t i = 0; !limits && i < 2; i++) {
		inner_user = users[i];
		if (confinement_works(BUBBLEWRAP))
			return BUBBLEWRAP;
	}
	for (size_t i = 0; geteuid() == 0 && i < 2; i++) {
		inner_user = users[i];
		if (confinement_works(OTHER_USER))
			return OTHER_USER;
	}
	return confinement_works(LIMITS) ? LIMITS : NONE;
}

static enum confinement confinement_here(void)
{
	static enum confinement found = UNKNOWN;

	if (found == UNKNOWN)
		found = confinement_find();
	return found;
}

const char *sandbox_kind(void)
{
	static const char *const names[] = {[BUBBLEWRAP] = "bubblewrap",
		[OTHER_USER] = "unprivileged user with resource limits",
		[LIMITS] = "resource limits only",
		[NONE] = NULL};

	return names[confinement_here()];
}

bool sandbox_admit(const char *folder)
{
	confinement_here();
	if (geteuid() != 0)
		return true;
	return chown(folder, (uid_t)-1, inner_user) == 0 && chmod(folder, 0710) == 0;
}

enum sandbox_ending sandbox_run(
	const struct sandbox_command *command, struct sandbox_outcome *outcome)
{
	return confined_run(command, outcome, confinement_here());
}
