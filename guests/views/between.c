/* SPDX-License-Identifier: BSD-2-Clause */
/* Data between code, and where code finds that it is (between.asm). */
#include "views.h"

#define UD2_BYTES 2u

typedef uint32_t function(void);

extern uint32_t between_counter;
uint32_t between_count(uint32_t rounds);
uint32_t between_fibonacci(uint32_t n);
function between_string_sum, page_sum, position_call, position_call_near, position_far,
	position_nested, position_fault, position_int, position_return;

static void undefined(struct frame *frame)
{
	frame->eax = frame->eip;
	frame->eip += UD2_BYTES;
}

static void interrupt(struct frame *frame)
{
	frame->eax = frame->eip;
}

static void data_run(void)
{
	uint32_t n = views_rounds, sum = 0;

	result_check("counters among code", between_count(n), n * (n + 1) / 2);
	result_check("the first of them", between_counter, n);
	result_note("a string among code", between_string_sum());
	result_check("a table that code fills", between_fibonacci(30), 2178309);
	for (uint32_t i = 0; i < 20; i++) {
		sum = sum * 31 + page_sum();
		between_counter++; /* the page changes, and its sum must */
	}
	result_note("a page's sums, by itself", sum);
	result_check("counters among code, again", between_count(1), n * (n + 1) / 2 + n + 21);
}

static void positions_run(void)
{
	handler_set(VECTOR_UD, undefined);
	handler_set(0x62, interrupt);
	for (uint32_t i = 0; i < 2; i++) {
		result_check("CALL and POP", position_call(), (uint32_t)position_call + 5);
		result_note("CALL near and POP", position_call_near());
		result_note("CALL far and POP", position_far());
		result_note("return addresses", position_nested());
		result_note("the frame of #UD", position_fault());
		result_note("the frame of INT n", position_int());
		result_note("the caller's", position_return());
	}
}

void between_run(void)
{
	data_run();
	positions_run();
}
