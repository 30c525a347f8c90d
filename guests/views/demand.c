/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code that is not there yet: the fetch faults, the handler brings the page, and the instruction
 * begins anew (Intel SDM volume 3A, 4.7). The page may lie at another frame each time, and an
 * instruction may begin in a page that is there and end in one that is not.
 */
#include "paging.h"
#include "views.h"

#define PAGES        24u /* of code */
#define FRAMES       4u  /* that they share */
#define CODE         0x00800000u
#define ARENA_FRAMES 16u
#define BEHIND_CALL  5u

extern const uint8_t space_chain[], space_chain_end[];

static uint8_t arena[ARENA_FRAMES][PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t store[PAGES][PAGE_SIZE]; /* the disk, so to say */
static uint32_t frames[FRAMES], holds[FRAMES], turn, directory;
static uint32_t faults, addresses, places, error_codes; /* sums */

/* Takes the frame that was brought in longest ago. */
static void page_bring(struct frame *frame)
{
	uint32_t linear = cr2_read(), page = (linear - CODE) / PAGE_SIZE;

	faults++;
	addresses = addresses * 31 + linear;
	places = places * 31 + frame->eip;
	error_codes = error_codes * 31 + frame->error_code;
	if (page >= PAGES)
		kernel_unexpected(frame);
	if (holds[turn]) {
		page_unmap(directory, holds[turn]);
		page_invalidate(holds[turn]);
	}
	holds[turn] = linear & PTE_FRAME;
	memcpy((void *)frames[turn], store[page], PAGE_SIZE);
	page_map(directory, holds[turn], frames[turn], PAGE_KERNEL_READ);
	turn = (turn + 1) % FRAMES;
}

/* Takes a page away, whether it is there or not. Its frame gets other bytes: Bochs keeps a decoded
 * instruction across two pages, in spite of INVLPG, until one of them is written. */
static void page_drop(uint32_t linear)
{
	page_unmap(directory, linear);
	page_invalidate(linear);
	for (uint32_t i = 0; i < FRAMES; i++)
		if (holds[i] == linear) {
			holds[i] = 0;
			memset((void *)frames[i], 0xcc, PAGE_SIZE);
		}
}

static void faults_note(const char *name)
{
	result_note(name, faults);
	result_note("- their CR2", addresses);
	result_note("- their EIP", places);
	result_note("- their error codes", error_codes);
	faults = addresses = places = error_codes = 0;
}

/* Functions in all pages, at random places, that call each other. */
static void chain_run(void)
{
	uint32_t table[PAGES], wrong = 0, size = code_size(space_chain, space_chain_end);

	for (uint32_t page = 0; page < PAGES; page++) {
		uint32_t at = random_below(PAGE_SIZE - size);
		memcpy(store[page] + at, space_chain, size);
		table[page] = CODE + page * PAGE_SIZE + at;
	}
	for (uint32_t round = 0; round < views_rounds / 4; round++) {
		uint32_t seed = random_u32(), depth = 1 + random_below(12), wanted = seed;
		for (uint32_t i = PAGES - 1; i > 0; i--) { /* the order in which they are called */
			uint32_t other = random_below(i + 1), kept = table[i];
			table[i] = table[other];
			table[other] = kept;
		}
		for (uint32_t left = depth; left > 0; left--)
			wanted = (wanted << 3 | wanted >> 29) + table[left] + BEHIND_CALL;
		wanted += depth * KERNEL_DS;
		uint32_t (*first)(uint32_t, uint32_t, const uint32_t *) =
			(uint32_t(*)(uint32_t, uint32_t, const uint32_t *))table[depth];
		wrong += first(seed, depth, table) != wanted;
	}
	result_check("code that is brought when it is run", wrong, 0);
	faults_note("its page faults");
}

/*
 * One instruction across the end of a page. In its page it may be reached by a branch or in a
 * straight line; the bytes behind the end are brought by the fault, or are not the same as last
 * time.
 */
static void straddle_run(void)
{
	static const struct {
		uint8_t size, bytes[8];
	} instructions[] = {
		{5, {0xb8, 0x78, 0x56, 0x34, 0x12}},             /* MOV EAX, imm32 */
		{7, {0x8d, 0x04, 0x25, 0x44, 0x33, 0x22, 0x11}}, /* LEA EAX, [disp32] */
		{3, {0x0f, 0x01, 0xe0}},                         /* SMSW EAX */
		{2, {0x8c, 0xc8}},                               /* MOV EAX, CS */
		{4, {0x66, 0x9c, 0x66, 0x58}},                   /* PUSHF and POP, of 16 bits */
		{4, {0xfa, 0x9c, 0x58, 0xfc}},                   /* CLI, PUSHF, POP EAX, CLD */
		{5, {0x9c, 0xfa, 0x58, 0x50, 0x9d}}, /* PUSHF, CLI, POP EAX, PUSH EAX, POPF */
	};
	uint32_t first = CODE, second = CODE + PAGE_SIZE, sum = 0;

	for (uint32_t i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++)
		for (uint32_t split = 0; split <= instructions[i].size; split++) {
			uint8_t *at = (uint8_t *)store + PAGE_SIZE - split;
			at[-1] = 0x90;
			memcpy(at, instructions[i].bytes, instructions[i].size);
			at[instructions[i].size] = 0xc3; /* RET */
			for (uint32_t mode = 0; mode < 3; mode++) {
				if (mode != 1) /* the first page stays, and is known */
					page_drop(first);
				page_drop(second);
				uint32_t from = second - split - (mode == 2);
				sum = sum * 31 + ((uint32_t(*)(void))from)();
			}
		}
	result_note("instructions across a page's end", sum);
	faults_note("their page faults");
}

void demand_run(void)
{
	frames_init(arena, ARENA_FRAMES);
	directory = paging_directory();
	for (uint32_t i = 0; i < FRAMES; i++)
		frames[i] = frame_take();
	handler_set(VECTOR_PF, page_bring);
	paging_on(directory);
	chain_run();
	straddle_run();
	paging_off();
}
