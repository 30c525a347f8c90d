/* SPDX-License-Identifier: BSD-2-Clause */
/* Uses all memory up, in two ways, and checks that the kernel refuses what it cannot give, ends who
 * touches what is not there, and has everything back in the end. For a machine with 4 MiB. */
#include "pocket.h"

#define PAGE_BYTES   4096
#define DEPTH_MAX    10000
#define CHILDREN_MAX 1000
#define LAST_FRAMES  2 /* too few for a fork or an exec */
#define FOR_EVER     1000000000u

static void require(bool good, const char *what)
{
	if (good)
		return;
	printf("exhaust: FAILED: %s\n", what);
	exit(1);
}

/* A page of stack for each level. Somewhere no frame is left for the next. */
static int32_t stack_fill(int32_t depth)
{
	volatile uint8_t page[PAGE_BYTES];
	char *argv[] = {"seven", NULL};

	page[0] = 1;
	if (frames_free() <= LAST_FRAMES) {
		require(fork() == ERROR_MEMORY, "fork without memory");
		require(exec("/bin/seven", argv) == ERROR_MEMORY, "exec without memory");
		require(sbrk(PAGE_BYTES) == NULL, "sbrk without memory");
	}
	return depth < DEPTH_MAX ? stack_fill(depth + 1) + page[0] : 0;
}

static _Noreturn void fill(void)
{
	volatile uint8_t *page;
	uint32_t pages = 0;

	for (; (page = sbrk(PAGE_BYTES)); pages++)
		*page = 1;
	require(pages > 100, "a heap of some pages");
	require(fork() == ERROR_MEMORY, "fork with little memory");
	exit(stack_fill(0));
}

/* As many children as there can be. Each gets the time to write to its stack. */
static void crowd(void)
{
	static int32_t children[CHILDREN_MAX];
	int32_t count = 0, child = 0, status, ended = 0;

	while (count < CHILDREN_MAX && (child = fork()) >= 0) {
		if (child == 0)
			exit(sleep(FOR_EVER));
		children[count++] = child;
		yield();
	}
	require(count > 10, "some children");
	require(child == ERROR_MEMORY, "but not any number");
	for (int32_t i = 0; i < count; i++)
		require(kill(children[i]) == 0, "kill");
	while (wait(&status) > 0)
		ended += status == STATUS_KILLED;
	require(ended == count, "all are ended");
}

int32_t main(void)
{
	int32_t status, child;

	crowd(); /* also makes the kernel's heap as large as it will be */
	int32_t before = frames_free();
	child = fork();
	if (child == 0)
		fill();
	require(wait(&status) == child && status == STATUS_KILLED, "who takes too much is ended");
	crowd();
	require(frames_free() == before, "all memory is there again");
	printf("exhaust: the machine is as before\n");
	return 0;
}
