/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Confines one process before it becomes a program that reads hostile input.
 *
 * bubblewrap gives it a file system of its own that has what it needs and no more. Where that is
 * forbidden, another user's rights, and Landlock, keep it from what it must not read or write.
 * Limits on resources hold in every case.
 *
 * Invariant: inside, no descriptor is open but /dev/null, the output's and the result's.
 *
 * Reading: bwrap(1), setrlimit(2), credentials(7), prctl(2) on PR_SET_PDEATHSIG.
 */
#include "confinement.h"
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define RESULT_FD 3
#define WORDS_MAX 512
#define TEXT_MAX  16384
#define PROGRAMS  "/usr/bin:/bin"
#define CANNOT    126 /* a shell's status for what cannot be run */
#define NOT_FOUND 127

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
static void words_add_bubblewrap(
	struct words *words, const struct sandbox_command *command, unsigned inner_user)
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
static bool words_fill(struct words *words, const struct sandbox_command *command,
	const struct confinement *confinement)
{
	if (confinement->kind == BUBBLEWRAP)
		words_add_bubblewrap(words, command, confinement->user);
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

static bool privileges_drop(unsigned user)
{
	return limit_set(RLIMIT_NPROC, SANDBOX_PROCESSES, SANDBOX_PROCESSES) &&
	       setgroups(0, NULL) == 0 && setresgid(user, user, user) == 0 &&
	       setresuid(user, user, user) == 0;
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

/* Says what could not be done, where the output is. */
static _Noreturn void enter_fail(const char *what)
{
	dprintf(STDERR_FILENO, "%s: %s\n", what, strerror(errno));
	_exit(errno == ENOENT ? NOT_FOUND : CANNOT);
}

void confinement_enter(const struct confinement *confinement, const struct sandbox_command *command,
	int output, int result)
{
	static struct words words;
	char temporary[4096];
	char *environment[] = {"PATH=" PROGRAMS, "HOME=/nonexistent", "LC_ALL=C",
		"SOURCE_DATE_EPOCH=946684800", temporary, NULL};
	pid_t parent = getppid();
	int length = snprintf(temporary, sizeof(temporary), "TMPDIR=%s", command->writable);

	if (!descriptors_set(output, result))
		_exit(CANNOT);
	errno = E2BIG;
	if (length < 0 || (size_t)length >= sizeof(temporary) ||
		!words_fill(&words, command, confinement))
		enter_fail("the command line");
	signals_reset();
	setsid();
	if (!limits_set() || chdir("/") != 0)
		enter_fail("the limits");
	if (confinement->kind == OTHER_USER && !privileges_drop(confinement->user))
		enter_fail("another user's rights");
	if (confinement->kind != BUBBLEWRAP) {
		setenv("PATH", PROGRAMS, 1);
		landlock_confine(system_paths, command->readable, command->writable);
	}
	/* Set last, for a change of user clears it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(CANNOT);
	execvpe(words.word[0], (char *const *)words.word, environment);
	enter_fail(words.word[0]);
}
