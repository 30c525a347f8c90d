/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that looks at its own code while it runs it: as data, through other segments, at other
 * addresses (Intel SDM volume 3A, 3.4.5.1, 4.7).
 *
 * A monitor that puts anything of its own into the code that runs has two views of one page: what
 * is fetched, and what is read. The guest must only ever see its own.
 */
#include "views.h"

SEEDED uint32_t views_seed = 0x2545f491;
SEEDED uint32_t views_rounds = 200;

struct fault fault;

/* guest.ld: code of the kernel ends here; it begins at 1 MiB, with the Multiboot header */
extern const uint8_t user_code_start[];
#define TEXT_START 0x100000u

/* between.asm: has variables in it */
extern const uint8_t between_page[], between_page_end[];

static uint32_t text_sum(void)
{
	uint32_t sum = 0;

	for (const uint8_t *byte = (const uint8_t *)TEXT_START; byte < user_code_start; byte++) {
		if (byte == between_page)
			byte = between_page_end;
		sum = (sum << 3 | sum >> 29) + *byte;
	}
	return sum;
}

void text_check(const char *when)
{
	static uint32_t first;
	uint32_t sum = text_sum();

	if (!first)
		first = sum;
	result_check(when, sum, first);
}

static void fault_take(struct frame *frame)
{
	fault = (struct fault){fault.count + 1, frame->eip, frame->error_code, frame->vector};
	user_leave(frame->eax);
}

/* The frame lies on the stack that it is run on. */
uint32_t code_try(const void *code, uint32_t argument)
{
	static uint32_t stack[256];
	struct frame *frame =
		(struct frame *)((uint8_t *)(stack + 200) - offsetof(struct frame, user_esp));

	*frame = (struct frame){
		.eax = argument, .eip = (uint32_t)code, .cs = KERNEL_CS, .eflags = EFLAGS_FIXED};
	return frame_run(frame);
}

/* INT 61h ends code_try() with EAX. */
static void code_end(struct frame *frame)
{
	user_leave(frame->eax);
}

void kernel_main(uint32_t info)
{
	(void)info;
	random_seed(views_seed);
	kernel_tables_load();
	pic_init(0x20, 0x28);
	handler_set(0x61, code_end);
	handler_set(VECTOR_GP, fault_take);
	handler_set(VECTOR_PF, fault_take);
	text_check("the text, before");
	through_run();
	text_check("the text, read through CS");
	between_run();
	text_check("the text, with data in it");
	spaces_run();
	text_check("the text, at several addresses");
	demand_run();
	text_check("the text, after");
	results_print("views");
}
