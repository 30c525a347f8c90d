/* SPDX-License-Identifier: BSD-2-Clause */
/* How tasks begin, become other programs, end, and are waited for. */
#include "checks.h"

#define AT_ONCE    8
#define FAMILIES   25
#define FORKS      1000
#define PONG       3      /* the status of pong */
#define PATIENCE   10000u /* milliseconds */
#define FRAMES_MIN 5 /* a task has at least: two of kernel stack, a directory, two page tables */
#define STACK      2 /* of these, those that a task keeps until it is waited for */
#define FOR_EVER   1000000000u
#define LONG_BYTES 5000u /* more than fits on the page of the arguments */

static int32_t self;
static char long_text[LONG_BYTES + 1];

static int32_t parent_get(void)
{
	return getppid() == self && getpid() != self ? SEVEN : 0;
}

static void fork_checks(void)
{
	int32_t status = 0, child, children[AT_ONCE], all = 0;

	self = getpid();
	check(self > 0 && getpid() == self, "getpid");
	check(wait(&status) == ERROR_NO_CHILD, "wait without a child");
	check(wait(NULL) == ERROR_POINTER, "wait with NULL");
	check(waitpid(self, &status) == ERROR_NO_CHILD, "wait for oneself");
	check(child_status(parent_get) == SEVEN, "getppid, and a status");

	for (int i = 0; i < AT_ONCE; i++) {
		children[i] = fork();
		if (children[i] == 0)
			exit(i - AT_ONCE / 2);
	}
	/* any order but that in which they began */
	for (int i = AT_ONCE - 1; i > 0; i--)
		all += waitpid(children[i], &status) == children[i] && status == i - AT_ONCE / 2;
	all += wait(&status) == children[0] && status == -AT_ONCE / 2;
	check(all == AT_ONCE, "several children, each waited for by its id");
	child = fork();
	if (child == 0)
		exit(SEVEN);
	check(wait((int32_t *)check) == ERROR_POINTER, "wait with a status among the code");
	check(wait(&status) == child && status == SEVEN, "a bad pointer loses no child");
	check(power_off() == ERROR_DENIED, "power_off is not for everyone");
}

static int32_t exec_seven(void)
{
	char *argv[] = {"seven", NULL};

	return exec("/bin/seven", argv);
}

static int32_t exec_args(void)
{
	char *argv[] = {"args", "one", "", "two words", NULL};

	return exec("/bin/args", argv);
}

static int32_t exec_no_args(void)
{
	char *argv[] = {NULL};

	return exec("/bin/args", argv);
}

/* What does not succeed must leave the program as it is. */
static void exec_checks(void)
{
	char *argv[] = {"seven", NULL}, *too_long[] = {"seven", long_text, NULL};
	char *kernel[] = {"seven", (char *)BELOW, NULL}, *many[PAGE_BYTES / 4];

	memset(long_text, 'x', LONG_BYTES);
	for (unsigned i = 0; i < ARRAY_LENGTH(many); i++)
		many[i] = "";
	check(exec("nothing", argv) == ERROR_NO_FILE, "exec of no program");
	check(exec("", argv) == ERROR_NO_FILE, "exec of no name");
	check(exec(long_text, argv) == ERROR_TOO_LONG, "exec of a long name");
	check(exec(NULL, argv) == ERROR_POINTER, "exec of NULL");
	check(exec((const char *)OUTSIDE, argv) == ERROR_POINTER, "exec of a name outside");
	check(exec("/bin/broken", argv) == ERROR_FORMAT, "exec of a broken file");
	check(exec("/bin/seven", NULL) == ERROR_POINTER, "exec without arguments");
	check(exec("/bin/seven", kernel) == ERROR_POINTER, "exec with the kernel's memory");
	check(exec("/bin/seven", too_long) == ERROR_TOO_LONG, "exec with a long argument");
	check(exec("/bin/seven", many) == ERROR_TOO_LONG, "exec with many arguments");
	check(child_status(exec_seven) == SEVEN, "exec");
	check(child_status(exec_args) == 4 * 100 + 16, "arguments");
	check(child_status(exec_no_args) == 0, "no arguments at all");
}

static int32_t end(void)
{
	return SEVEN;
}

/* All that a task had must come back: one frame lost for each would show. */
static void loss_checks(void)
{
	int32_t status, all = 0;

	child_status(exec_seven); /* from here on the kernel's heap is large enough */
	int32_t before = frames_free();
	for (int i = 0; i < FORKS; i++)
		all += child_status(end) == SEVEN;
	check(all == FORKS, "many forks");
	for (int i = 0; i < FAMILIES; i++)
		all += start("orphans") > 0 && wait(&status) > 0 && status == 0;
	check(all == FORKS + FAMILIES, "many families");
	for (uint32_t begin = uptime(); frames_free() != before && uptime() - begin < PATIENCE;)
		sleep(10); /* the last orphans */
	check(frames_free() == before, "no page frame is lost");
}

/* Nothing in this loop gives the processor away, so only the timer lets pong run beside it, until
 * its memory is free again. */
static void preemption_checks(void)
{
	int32_t status, before = frames_free(), pong = start("pong");
	uint32_t begin = uptime();

	check(pong > 0 && frames_free() <= before - FRAMES_MIN, "start of pong");
	while (frames_free() < before - STACK && uptime() - begin < PATIENCE)
		for (volatile uint32_t i = 0; i < 10000; i++)
			;
	check(uptime() - begin < PATIENCE, "pong ran beside a busy program");
	check(wait(&status) == pong && status == PONG, "wait for pong");
}

static int32_t loop(void)
{
	volatile bool again = true;

	while (again)
		;
	return 0;
}

static int32_t sleep_long(void)
{
	return sleep(FOR_EVER);
}

static int32_t wait_long(void)
{
	return child_status(sleep_long);
}

static bool is_killed(int32_t (*function)(void))
{
	int32_t status = 0, child = fork();

	if (child == 0)
		exit(function());
	sleep(20);
	return kill(child) == 0 && waitpid(child, &status) == child && status == STATUS_KILLED;
}

static void kill_checks(void)
{
	int32_t status, before = frames_free(), child = fork();

	if (child == 0)
		exit(wait_long());
	/* until both are there; ids grow by one */
	for (uint32_t begin = uptime(); uptime() - begin < PATIENCE;) {
		if (frames_free() <= before - 2 * FRAMES_MIN)
			break;
		sleep(10);
	}
	check(kill(child) == 0 && wait(&status) == child && status == STATUS_KILLED,
		"kill of one that waits");
	check(kill(child + 1) == 0, "kill of an orphan");
	check(kill(child) == ERROR_NO_TASK, "kill of one that has ended");
	check(kill(-1) == ERROR_NO_TASK && kill(0) == ERROR_NO_TASK, "kill of nobody");
	check(kill(1) == ERROR_DENIED, "init cannot be killed");
	check(is_killed(loop), "kill of one that runs");
	check(is_killed(sleep_long), "kill of one that sleeps");
}

void process_checks(void)
{
	fork_checks();
	exec_checks();
	kill_checks();
}

void frame_checks(void)
{
	loss_checks();
	preemption_checks();
}
