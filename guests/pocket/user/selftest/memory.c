/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory: it is there when it is touched, it is zero at first, and it is nobody else's. */
#include "checks.h"

#define PATTERN    0x5eed1234u
#define HEAP_PAGES 16
#define MALLOCS    60
#define DEPTH      200 /* pages of stack */
#define DEPTH_EVER 100000

static uint32_t words[1000];
static uint32_t shared[2 * PAGE_BYTES / 4] __attribute__((aligned(PAGE_BYTES)));

static void data_checks(void)
{
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

static bool page_is(const uint32_t *page, uint32_t value)
{
	for (unsigned i = 0; i < PAGE_BYTES / sizeof(*page); i++)
		if (page[i] != value)
			return false;
	return true;
}

static void heap_checks(void)
{
	uint8_t *start = sbrk(0), *end;
	int32_t before = frames_free(), bytes = HEAP_PAGES * (int32_t)PAGE_BYTES;
	bool zero = true;

	check((uint32_t)start % PAGE_BYTES == 0, "the heap begins on a page");
	check(sbrk(bytes) == start && sbrk(0) == start + bytes, "sbrk up");
	check(frames_free() == before, "the heap takes no memory before it is used");
	for (end = start; end < start + bytes; end += PAGE_BYTES) {
		zero &= page_is((uint32_t *)end, 0);
		memset(end, 0xff, PAGE_BYTES);
	}
	check(zero, "the heap is zero");
	check(frames_free() <= before - HEAP_PAGES, "and then it does");
	check(sbrk(-bytes) == end && sbrk(0) == start, "sbrk down");
	check(frames_free() >= before - 1, "that gives the memory back"); /* but for a page table */
	check(sbrk(bytes) == start && page_is((uint32_t *)start, 0), "and it is zero again");
	check(sbrk(-bytes) != NULL, "sbrk down once more");
	check(!sbrk(-1) && !sbrk(INT32_MIN), "sbrk below the start");
	check(!sbrk(INT32_MAX), "sbrk of too much");
	check(sbrk(0) == start, "what fails changes nothing");
}

/* Blocks of all sizes, freed in another order, and taken again. */
static void malloc_checks(void)
{
	static uint8_t *blocks[MALLOCS];
	uint32_t wrong = 0, round = 0;
	uint8_t *end = NULL;

	for (; round < 3; round++) {
		for (uint32_t i = 0; i < MALLOCS; i++) {
			blocks[i] = malloc(i * i);
			wrong += !blocks[i] || (uint32_t)blocks[i] % 8 != 0;
			memset(blocks[i], (int)i, i * i);
		}
		for (uint32_t i = 0; i < MALLOCS; i++) {
			const uint8_t *block = blocks[i * 7 % MALLOCS];
			uint32_t number = i * 7 % MALLOCS;
			for (uint32_t j = 0; j < number * number; j++)
				wrong += block[j] != number;
			free(blocks[number]);
		}
		if (round == 0)
			end = sbrk(0);
	}
	check(wrong == 0, "malloc");
	check(sbrk(0) == end, "free memory is used again");
	blocks[0] = malloc(UINT32_MAX);
	blocks[1] = malloc(INT32_MAX);
	check(!blocks[0] && !blocks[1], "malloc of too much");
	free(NULL);
}

/* About a page of stack for each level. */
static uint32_t stack_use(uint32_t depth)
{
	volatile uint32_t page[PAGE_BYTES / 4];

	for (unsigned i = 0; i < ARRAY_LENGTH(page); i++)
		page[i] = depth;
	uint32_t below = depth > 0 ? stack_use(depth - 1) : 0;
	for (unsigned i = 0; i < ARRAY_LENGTH(page); i++)
		below += page[i] != depth;
	return below;
}

static int32_t stack_deep(void)
{
	return stack_use(DEPTH) == 0 ? SEVEN : 1;
}

static void sharing_checks(void)
{
	int32_t status, child;

	shared[0] = 1;
	shared[PAGE_BYTES / 4] = 2;
	child = fork();
	if (child == 0) {
		sleep(20);
		bool good = shared[0] == 1 && shared[PAGE_BYTES / 4] == 2;
		shared[0] = 3;
		/* the kernel writes to the other page, which is still shared */
		int32_t grandchild = fork();
		if (grandchild == 0)
			exit(SEVEN);
		good &= wait((int32_t *)&shared[PAGE_BYTES / 4]) == grandchild;
		exit(good && shared[0] == 3 && shared[PAGE_BYTES / 4] == SEVEN ? SEVEN : 1);
	}
	shared[0] = 4;
	check(wait(&status) == child && status == SEVEN,
		"a child does not see its parent's writes");
	check(shared[0] == 4 && shared[PAGE_BYTES / 4] == 2, "nor the parent its child's");
}

/* ---- mistakes: each ends the child that makes it, and nothing else ---- */

static int32_t *volatile nothing; /* NULL */
static void (*volatile nowhere)(void);

static int32_t null_read(void)
{
	return *nothing;
}

static int32_t null_jump(void)
{
	nowhere();
	return 0;
}

static int32_t code_write(void)
{
	*(volatile uint8_t *)(uint32_t)code_write = 0;
	return 0;
}

/* The page is not shared there: no fork has been behind the exec. */
static int32_t own_code_write(void)
{
	char *argv[] = {"fault", "its code", NULL};

	return exec("/bin/fault", argv);
}

static int32_t kernel_read(void)
{
	return *(volatile int32_t *)BELOW;
}

static int32_t stack_overflow(void)
{
	return (int32_t)stack_use(DEPTH_EVER);
}

static void mistake_checks(void)
{
	check(child_status(null_read) == STATUS_KILLED, "reading from NULL");
	check(child_status(null_jump) == STATUS_KILLED, "jumping to NULL");
	check(child_status(code_write) == STATUS_KILLED, "writing to shared code");
	check(child_status(own_code_write) == STATUS_KILLED, "writing to code of one's own");
	check(child_status(kernel_read) == STATUS_KILLED, "reading from the kernel");
	check(child_status(stack_overflow) == STATUS_KILLED, "a stack without an end");
	check(wait((int32_t *)(uint32_t)mistake_checks) == ERROR_POINTER, "the kernel minds too");
}

void memory_checks(void)
{
	int32_t before = frames_free();

	data_checks();
	heap_checks();
	check(child_status(stack_deep) == SEVEN, "a deep stack");
	sharing_checks();
	mistake_checks();
	check(frames_free() >= before - 4, "no page frame is lost by mistakes");
	malloc_checks(); /* what is on the heap stays there */
}
