/* SPDX-License-Identifier: BSD-2-Clause */
/* Attacks on what lies beside the guest's code: what a monitor shares, copies and jumps to. */
#include "intruder.h"

#define SHARED      0xffe8u     /* a selector that no table of this guest has */
#define VIEW        0xf0000000u /* from here on a monitor keeps what is its own */
#define VIEW_STEPS  4096u
#define BLOCK       0x00ccccccu /* where jumps of five bytes would lead, by their displacement */
#define BLOCK_STEP  0x01000000u
#define BLOCK_BYTES 96u
#define JUMP        5u

extern const uint8_t try_back[];

static void fault_take(struct frame *frame)
{
	frame->eax = 0xdead0000 | frame->vector;
	frame->eip = (uint32_t)try_back;
	frame->cs = KERNEL_CS;
	frame->eflags = EFLAGS_FIXED;
}

void try_init(void)
{
	static const uint8_t vectors[] = {VECTOR_DE, VECTOR_DB, VECTOR_BP, VECTOR_OF, VECTOR_BR,
		VECTOR_UD, VECTOR_NM, VECTOR_TS, VECTOR_NP, VECTOR_SS, VECTOR_GP, VECTOR_PF};

	for (unsigned i = 0; i < sizeof(vectors); i++)
		handler_set(vectors[i], fault_take);
}

/* ---- the shared segment ---- */

uint32_t intrude_es(uint32_t), intrude_fs(uint32_t), intrude_ss(uint32_t), intrude_read(uint32_t);

/* Writes over all of it, through each segment register, with each RPL. */
void shared_run(void)
{
	uint32_t done = 0;

	for (uint32_t i = 0; i < intruder_rounds; i++) {
		uint32_t selector = SHARED | random_below(4);
		try_call((uint32_t)critical, 4); /* its flag is in use */
		done += try_call((uint32_t)intrude_es, selector) == selector;
		done += try_call((uint32_t)intrude_fs, selector) == selector;
		done += try_call((uint32_t)intrude_read, selector) == selector;
		done += try_call((uint32_t)intrude_ss, selector) == selector;
	}
	console_printf("shared: %u of %u went through\n", done, 4 * intruder_rounds);
}

/* ---- the view ---- */

uint32_t reach_write(uint32_t), reach_stack(uint32_t), reach_string(uint32_t), reach_code(uint32_t);

void reach_run(void)
{
	static uint32_t (*const ways[])(uint32_t) = {
		reach_write, reach_stack, reach_string, reach_code};
	uint32_t faults = try_faults;

	try_call((uint32_t)critical, 20);
	for (uint32_t i = 0; i < intruder_rounds * 10; i++) {
		uint32_t at = VIEW + (random_u32() & (0u - VIEW - 1));
		if (i % 3 == 0) /* where its own code would be */
			at = 0xfc000000 + (uint32_t)critical + random_below(64);
		try_call((uint32_t)ways[random_below(4)], at);
	}
	console_printf("reach: %u faults\n", try_faults - faults);
}

/* ---- runs and blocks ---- */

/* Each byte of the run, and each byte of where its block may be. */
void middle_run(void)
{
	uint32_t run = (uint32_t)critical_run;

	for (uint32_t round = 0; round < 3; round++) {
		try_call((uint32_t)critical, 20);
		for (uint32_t at = 0; at < (uint32_t)(critical_end - critical_run); at++)
			try_call(run + at, 1);
		for (uint32_t place = 0; place < 4; place++)
			for (uint32_t at = 0; at < BLOCK_BYTES; at++) {
				uint32_t block = run + JUMP + BLOCK + place * BLOCK_STEP;
				try_call(block + at, 1);
				try_call(block - at, 1);
			}
	}
	for (uint32_t i = 0; i < intruder_rounds; i++)
		try_call(random_u32() & 0x3ffffff, 1);
	result_check(
		"critical sections, at last", try_call((uint32_t)critical, 9), critical_wanted(9));
}
