/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One Bochs as a process: how it starts and what it may touch.
 *
 * The idea: what has no name cannot be left behind. The configuration, the copy of the disk, the
 * console and the answers to memory reads are memfds, the streams are pipes, and Bochs opens all of
 * them as /proc/self/fd/N. There is no directory to remove and no lock file, and any number of
 * machines run from one image.
 *
 * The invariant: the process dies with the thread that started it (PR_SET_PDEATHSIG), and every
 * descriptor here is close-on-exec, so that no machine holds another one's streams open.
 *
 * Read: memfd_create(2), prctl(2), network_namespaces(7); the Bochs user manual, 4.3 (bochsrc).
 */
#include "bochs_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* What Bochs finds open. The numbers stand in its configuration. */
enum child_fd {
	FD_CONFIG = 10,
	FD_DISK,
	FD_LOG,
	FD_CONSOLE,
	FD_DEBUGGER,
	FD_COMMANDS,
	FD_MEMORY,
	FD_REPORT, /* from before exec(): how it is isolated, and errno if it cannot be executed */
	FD_SECOND_DISK,
};
/* ... as Bochs's command line names two of them */
#define CONFIG_PATH   "/proc/self/fd/10"
#define COMMANDS_PATH "/proc/self/fd/15"

#define MEGS_MAX 2048u

/* What only the start needs; the rest is in struct bochs. -1: not open. */
struct child {
	const char *program;
	int config, log, debugger, output, report; /* the child's ends */
	int report_reader;
};

static bool pipe_open(int *reader, int *writer)
{
	int ends[2];

	*reader = *writer = -1;
	if (pipe2(ends, O_CLOEXEC))
		return false;
	*reader = fd_raise(ends[0]);
	*writer = fd_raise(ends[1]);
	return *reader >= 0 && *writer >= 0;
}

/* The machine's disks as Bochs's configuration has them; 0 cylinders: there is no second one. */
static void config_write_disks(int fd, uint32_t cylinders, uint32_t second_cylinders)
{
	dprintf(fd,
		"ata0-master: type=disk, path=/proc/self/fd/%d, mode=flat, cylinders=%u, heads=16, "
		"spt=63, translation=auto\n",
		FD_DISK, cylinders);
	if (second_cylinders)
		dprintf(fd,
			"ata1-master: type=disk, path=/proc/self/fd/%d, mode=flat, cylinders=%u, "
			"heads=%u, spt=%u, translation=none, model=\"RINGFENCE DISK\"\n",
			FD_SECOND_DISK, second_cylinders, SECOND_DISK_HEADS, SECOND_DISK_TRACK);
}

static int config_write(struct bochs *b, int fd, const struct bochs_config *c)
{
	const char *model = c->cpu_model ? c->cpu_model : BOCHS_CPU_MODEL;

	if (model[strspn(model, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		return bochs_fail(b, "processor model \"%s\": not a name", model);
	if (dprintf(fd,
		    "display_library: rfb, options=\"timeout=0,hideIPS\"\n"
		    "romimage: file=$BXSHARE/BIOS-bochs-latest, options=fastboot\n"
		    "vgaromimage: file=$BXSHARE/VGABIOS-lgpl-latest\n"
		    "cpu: model=%s, ips=%u, reset_on_triple_fault=0\n"
		    "megs: %u\n"
		    "boot: disk\n"
		    "port_e9_hack: enabled=%d\n"
		    "clock: sync=none, time0=946684800\n"
		    "panic: action=fatal\n"
		    "info: action=ignore, cpu0=report\n"
		    "error: action=ignore, cpu0=report\n" /* a guest can cause millions */
		    "plugin_ctrl: speaker=0\n"
		    "com1: enabled=1, mode=file, dev=/proc/self/fd/%d\n"
		    "log: /proc/self/fd/%d\n"
		    "debugger_log: /proc/self/fd/%d\n",
		    model, BOCHS_TICKS_PER_SECOND, b->megs, b->e9, FD_CONSOLE, FD_LOG,
		    FD_DEBUGGER) < 0)
		return bochs_fail(b, "cannot write Bochs's configuration: %s", strerror(errno));
	return 0;
}

/* Opens all files and pipes. What is the child's alone is in *child. */
static int files_open(struct bochs *b, const struct bochs_config *c, struct child *child)
{
	uint32_t cylinders = 0, second_cylinders = 0;
	bool ok = true;

	if (disk_copy(b, c->disk, &cylinders) ||
		second_disk_copy(b, c->second_disk, &second_cylinders))
		return -1;
	b->console = memory_file("console");
	b->memory = memory_file("memory");
	child->config = memory_file("bochsrc");
	ok &= pipe_open(&b->log, &child->log);
	ok &= pipe_open(&b->debugger, &child->debugger);
	ok &= pipe_open(&b->commands_reader, &b->commands);
	ok &= pipe_open(&child->report_reader, &child->report);
	if (b->e9)
		ok &= pipe_open(&b->output, &child->output);
	else
		child->output = fd_raise(open("/dev/null", O_WRONLY | O_CLOEXEC));
	if (!ok || b->console < 0 || b->memory < 0 || child->config < 0 || child->output < 0)
		return bochs_fail(b, "cannot open files for Bochs: %s", strerror(errno));
	config_write_disks(child->config, cylinders, second_cylinders);
	return config_write(b, child->config, c);
}

static void report_write(int value)
{
	if (write(FD_REPORT, &value, sizeof(value)) != sizeof(value))
		_exit(126);
}

/*
 * Bochs's display listens on all interfaces: gives the process a network of its own. Who is not
 * root needs a user namespace for that.
 */
static enum bochs_isolation network_leave(void)
{
	if (!unshare(CLONE_NEWNET) || !unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return BOCHS_ISOLATION_NAMESPACE;
	return BOCHS_ISOLATION_NONE;
}

/* What Bochs finds open, and nothing else of ours. */
static void descriptors_arrange(const struct bochs *b, const struct child *child)
{
	dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	dup2(child->output, STDOUT_FILENO);
	dup2(child->log, STDERR_FILENO);
	close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC);
	dup2(child->config, FD_CONFIG);
	dup2(b->disk, FD_DISK);
	dup2(child->log, FD_LOG);
	dup2(b->console, FD_CONSOLE);
	dup2(child->debugger, FD_DEBUGGER);
	dup2(b->commands_reader, FD_COMMANDS);
	dup2(b->memory, FD_MEMORY);
	dup2(child->report, FD_REPORT);
	fcntl(FD_REPORT, F_SETFD, FD_CLOEXEC);
	if (b->second_disk >= 0)
		dup2(b->second_disk, FD_SECOND_DISK);
}

/* In the child: only calls that are allowed between fork() and exec() in a program with threads. */
static void child_exec(const struct bochs *b, const struct child *child, pid_t parent)
{
	enum bochs_isolation isolation = network_leave();
	sigset_t none;

	/* after the namespaces: new credentials make the kernel forget this */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	descriptors_arrange(b, child);
	report_write((int)isolation);
	execlp(child->program, child->program, "-q", "-f", CONFIG_PATH, "-rc", COMMANDS_PATH,
		(char *)NULL);
	report_write(errno);
	_exit(127);
}

/* Reads what the child reported before it became Bochs; returns errno if it did not. */
static int report_read(struct bochs *b, int fd)
{
	int report[2] = {BOCHS_ISOLATION_NONE, 0};
	size_t length = 0;
	ssize_t n;

	do {
		n = read(fd, (char *)report + length, sizeof(report) - length);
		length += n > 0 ? (size_t)n : 0;
	} while ((n > 0 && length < sizeof(report)) || (n < 0 && errno == EINTR));
	b->isolation = (enum bochs_isolation)report[0];
	return report[1];
}

static const char *program_choose(const struct bochs_config *c)
{
	const char *program = c->program ? c->program : getenv("BOCHS");

	return program && *program ? program : "bochs";
}

/* Closes the child's ends of what it shares with us: only the child holds them from here on. */
static void child_close(struct child *child)
{
	fd_close(&child->config);
	fd_close(&child->log);
	fd_close(&child->debugger);
	fd_close(&child->output);
	fd_close(&child->report);
}

static int child_start(struct bochs *b, struct child *child)
{
	pid_t parent = getpid();
	int error;

	b->process = fork();
	if (b->process == 0)
		child_exec(b, child, parent);
	if (b->process < 0) {
		b->process = 0;
		return bochs_fail(b, "cannot start a process: %s", strerror(errno));
	}
	child_close(child);
	error = report_read(b, child->report_reader);
	if (error)
		return bochs_fail(b,
			"cannot run %s: %s; install it (apt-get install bochs bochsbios vgabios) or "
			"name it in the environment's BOCHS",
			child->program, strerror(error));
	return 0;
}

/* Bochs answers when it has read its configuration and the machine has been built. */
static int first_answer(struct bochs *b, const char *program)
{
	char line[WHY_MAX];
	uint64_t tick;

	if (!talk_ask(b, ""))
		return 0;
	if (b->end_tick || strstr(b->error, "did not answer"))
		return -1;
	if (!parse_panic(b->log_text.bytes, line, &tick))
		snprintf(line, sizeof(line), "%s", b->error);
	if (strstr(line, "ROM image"))
		return bochs_fail(b,
			"Bochs misses its BIOS: %s; install it (apt-get install bochsbios vgabios)",
			line);
	return bochs_fail(b, "%s did not start a machine: %s", program, line);
}

int process_start(struct bochs *b, const struct bochs_config *c)
{
	struct child child = {program_choose(c), -1, -1, -1, -1, -1, -1};
	int result;

	b->e9 = c->e9;
	b->seconds = c->seconds ? c->seconds : BOCHS_SECONDS_DEFAULT;
	b->megs = c->megs ? c->megs : BOCHS_MEGS_DEFAULT;
	if (b->megs > MEGS_MAX)
		return bochs_fail(b, "a machine of %u MiB: at most %u", b->megs, MEGS_MAX);
	result = files_open(b, c, &child);
	if (!result)
		result = child_start(b, &child);
	child_close(&child);
	fd_close(&child.report_reader);
	if (!result)
		result = first_answer(b, child.program);
	return result;
}
