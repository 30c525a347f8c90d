/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks each system call, and what a program relies on besides: that its registers and its memory
 * stay its own. Prints what fails, and how many checks passed. Its status is the number that
 * failed.
 */
#include "pocket.h"

#define OUTSIDE   0x00900000u /* above every program's limit */
#define TIME_2000 946684800u
#define SPAWNS    200 /* the stacks alone of so many families do not fit in 4 MiB */
#define AT_ONCE   8
#define SEVEN     7 /* the status of seven */
#define PONG      3 /* of pong */
#define PATTERN   0x5eed1234u
#define EFLAGS_DF 0x400u
#define BUSY_MS   100u /* longer than pong takes */
#define WAIT_MS   30u  /* shorter */

static int32_t passed, failed;

static void check(bool good, const char *what)
{
	if (good) {
		passed++;
		return;
	}
	failed++;
	printf("selftest: FAILED: %s\n", what);
}

static void write_checks(void)
{
	static const char text[] = "selftest: write\n";

	check(write(FILE_OUTPUT, text, sizeof(text) - 1) == sizeof(text) - 1, "write's length");
	check(write(FILE_OUTPUT, text, 0) == 0, "write of nothing");
	check(write(FILE_INPUT, text, 1) == ERROR_NO_FILE, "write to the input");
	check(write(99, text, 1) == ERROR_NO_FILE, "write to no file");
	check(write(FILE_OUTPUT, NULL, 1) == ERROR_POINTER, "write from NULL");
	check(write(FILE_OUTPUT, (void *)OUTSIDE, 1) == ERROR_POINTER, "write from outside");
	check(write(FILE_OUTPUT, text, OUTSIDE) == ERROR_POINTER, "write of too much");
	check(write(FILE_OUTPUT, text, UINT32_MAX) == ERROR_POINTER, "write around the end");
	check(write(FILE_OUTPUT, (void *)UINT32_MAX, 2) == ERROR_POINTER, "write past the end");
}

/* No input is there, so only what ends at once. */
static void read_checks(void)
{
	char text[4];

	check(read(FILE_OUTPUT, text, 1) == ERROR_NO_FILE, "read from the output");
	check(read(FILE_INPUT, NULL, 1) == ERROR_POINTER, "read to NULL");
	check(read(FILE_INPUT, (void *)OUTSIDE, 1) == ERROR_POINTER, "read to outside");
	check(read(FILE_INPUT, text, UINT32_MAX) == ERROR_POINTER, "read of too much");
}

static void time_checks(void)
{
	uint32_t before = uptime(), day = time();

	check(sleep(0) == 0, "sleep(0)");
	check(sleep(15) == 0, "sleep");
	check(uptime() - before >= 15, "sleep takes its time");
	check(day >= TIME_2000, "time is after 2000");
	check(time() - day < 10, "time goes on slowly");
	check(yield() == 0, "yield");
}

/* Nothing in this loop gives the processor away, so only the timer lets pong run beside it. Without
 * that, pong would need its time behind the loop. */
static void preemption_checks(void)
{
	int32_t status, pong = spawn("pong");
	uint32_t start = uptime();

	check(pong > 0, "spawn of pong");
	while (uptime() - start < BUSY_MS)
		for (volatile uint32_t i = 0; i < 10000; i++)
			;
	start = uptime();
	check(wait(&status) == pong && status == PONG, "wait for pong");
	check(uptime() - start < WAIT_MS, "pong ran beside a busy program");
}

static void child_checks(void)
{
	int32_t status = 0, self = getpid(), child, children[AT_ONCE], all = 0;
	char long_name[100];

	check(self > 0 && getpid() == self, "getpid");
	check(wait(&status) == ERROR_NO_CHILD, "wait without a child");
	check(wait(NULL) == ERROR_POINTER, "wait with NULL");
	check(spawn("nothing") == ERROR_NO_PROGRAM, "spawn of no program");
	check(spawn("") == ERROR_NO_PROGRAM, "spawn of no name");
	check(spawn(NULL) == ERROR_POINTER, "spawn of NULL");
	check(spawn((const char *)OUTSIDE) == ERROR_POINTER, "spawn of a name outside");
	memset(long_name, 'x', sizeof(long_name));
	check(spawn(long_name) == ERROR_NO_PROGRAM, "spawn of a name without an end");

	child = spawn("seven");
	check(child > self, "spawn");
	check(wait(&status) == child && status == SEVEN, "wait gives id and status");
	for (int i = 0; i < AT_ONCE; i++)
		children[i] = spawn("seven");
	for (int i = 0; i < AT_ONCE; i++) {
		child = wait(&status);
		for (int j = 0; j < AT_ONCE; j++)
			all += child == children[j] && status == SEVEN;
	}
	check(all == AT_ONCE, "several children, each waited for once");
	all = 0;
	for (int i = 0; i < SPAWNS; i++)
		all += spawn("orphans") > 0 && wait(&status) > 0 && status == 0;
	check(all == SPAWNS, "what ended tasks had is used again");
}

static void memory_checks(void)
{
	static uint32_t words[1000];
	bool same = true;

	for (unsigned i = 0; i < ARRAY_LENGTH(words); i++)
		same &= words[i] == 0;
	check(same, "new memory is zero");
	for (unsigned i = 0; i < ARRAY_LENGTH(words); i++)
		words[i] = PATTERN * i;
	sleep(10);
	for (unsigned i = 0; i < ARRAY_LENGTH(words); i++)
		same &= words[i] == PATTERN * i;
	check(same, "memory stays as it is");
}

/* A system call that fails, one that succeeds, and one during which others run. */
static void register_checks(void)
{
	static const uint32_t calls[] = {0, CALL_GETPID, CALL_SLEEP};

	check(system_call(0, 0, 0, 0) == ERROR_NO_CALL, "system call 0");
	check(system_call(1000, 0, 0, 0) == ERROR_NO_CALL, "system call 1000");
	check(system_call(UINT32_MAX, 0, 0, 0) == ERROR_NO_CALL, "system call -1");
	for (unsigned i = 0; i < ARRAY_LENGTH(calls); i++) {
		uint32_t eax = calls[i], ebx = 1, ecx = 0x11111111, edx = 0x22222222;
		uint32_t esi = 0x33333333, edi = 0x44444444, flags;
		__asm__ volatile("std\n"
				 "int $0x80\n"
				 "pushf\n"
				 "cld\n"
				 "pop %%eax"
				 : "+a"(eax), "+b"(ebx), "+c"(ecx), "+d"(edx), "+S"(esi), "+D"(edi)
				 :
				 : "memory", "cc");
		flags = eax;
		check(ebx == 1 && ecx == 0x11111111 && edx == 0x22222222 && esi == 0x33333333 &&
				edi == 0x44444444,
			"registers stay");
		check(flags & EFLAGS_DF, "flags stay");
	}
}

int32_t main(void)
{
	write_checks();
	read_checks();
	time_checks();
	child_checks();
	preemption_checks();
	memory_checks();
	register_checks();
	if (failed)
		printf("selftest: %d checks failed\n", failed);
	printf("selftest: %d checks passed\n", passed);
	return failed;
}
