/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What no kernel does to firmware of its own: hypercalls that there are not, work without end, the
 * monitor's addresses. A monitor must stay what it is, and keep its time.
 */
#include "callers.h"

#define ENDLESS     0x40000000u
#define ENDLESS_END 0x70000000u
#define LARGE_PAGE  0x00400000u
#define MONITOR     0xf0000000u
#define INT_82      0x82cd
#define HYPERCALLS  4u /* numbers below are the firmware's own business */
#define UNKNOWN     0xffffffffu
#define TICKS       5u

volatile uint32_t callers_through; /* accesses of the monitor's memory that were made */

/* ---- numbers ---- */

static uint32_t hypercall_find(void)
{
	for (uint32_t at = 0; at < PAL_OPERATIONS * PAL_SLOT; at++)
		if (*(volatile uint16_t *)(pal_code + at) == INT_82)
			return (uint32_t)pal_code + at;
	return 0;
}

static uint32_t number_draw(void)
{
	switch (random_below(3)) {
	case 0:
		return random_below(HYPERCALLS);
	case 1:
		return PAL_OPERATIONS + random_below(1000);
	default:
		return random_u32() | 0x100;
	}
}

void numbers_run(void)
{
	uint32_t at = hypercall_find();

	result_note("there are hypercalls", at != 0);
	for (uint32_t i = 0; at && i < callers_rounds; i++) {
		uint32_t number = number_draw(), edx = random_u32(), ecx = random_u32();
		uint32_t flag = random_u32() & EFLAGS_IF;
		struct outcome outcome = try_code(at, number, edx, ecx, flag);
		result_check("an unknown number ends", outcome.vector, END_VECTOR);
		result_check("- with EAX", outcome.eax, UNKNOWN);
		result_check("- EDX", outcome.edx, edx);
		result_check("- ECX", outcome.ecx, ecx);
		result_check("- IF", outcome.flag, flag);
	}
}

/* ---- without end ---- */

/* 768 MiB of one page, filled with newlines or zeros: updates of address 0, or a text. */
static void endless_map(uint8_t byte)
{
	uint32_t frame = frame_take(), table = frame_take();

	memset((void *)frame, byte, PAGE_SIZE);
	for (uint32_t i = 0; i < PAGE_SIZE / 4; i++)
		((uint32_t *)table)[i] = frame | PAGE_KERNEL_WRITE;
	for (uint32_t at = ENDLESS; at < ENDLESS_END; at += LARGE_PAGE)
		*pde_at(directory, at) = table | PAGE_KERNEL_WRITE;
}

/* Ticks end it. What is done and what is left must fit. */
void ticks_run(void)
{
	bool text = callers_choice;
	uint32_t size = text ? 1 : PAL_UPDATE_SIZE, all = 0;

	endless_map(text ? '\n' : 0);
	try_timer();
	for (uint32_t i = 0; i < callers_rounds; i++) {
		uint32_t start = ENDLESS + random_below(PAGE_SIZE) * 12, count = 0u - 1 - i;
		try_ticks_left = TICKS;
		struct outcome outcome =
			try_pal(text ? PAL_CONSOLE : PAL_UPDATE, start, count, EFLAGS_IF);
		uint32_t done = (outcome.edx - start) / size;
		result_check("a tick ends it", outcome.vector, TICK_VECTOR);
		result_check("- what is done is not left", outcome.ecx + done, count);
		all += done;
	}
	result_check("something is done", all != 0, 1);
}

void hold_run(void)
{
	endless_map(0);
	try_pal(PAL_UPDATE, ENDLESS, 0xffffffff, 0);
}

/* ---- the monitor's addresses ---- */

static void through_count(struct outcome outcome)
{
	callers_through += outcome.vector == END_VECTOR;
	result_note("an address far up", outcome.vector);
}

void monitor_run(void)
{
	struct pal_update *list = (void *)page_new(WINDOW, PAGE_KERNEL_WRITE);
	uint32_t last = (uint32_t)page_new(MONITOR - PAGE_SIZE, PAGE_KERNEL_WRITE) + PAGE_SIZE;
	uint32_t inside = MONITOR + random_below(0x01000000), below = 4 * (1 + random_below(2));

	list[0] = list[1] = (struct pal_update){WINDOW + 0x800, 0x90909090, inside};
	memcpy((void *)(last - 16), list, 12);
	switch (callers_choice) {
	case 0:
		through_count(try_pal(PAL_UPDATE, inside, 10, 0));
		break;
	case 1:
		through_count(try_pal(PAL_CONSOLE, inside, 100, 0));
		break;
	case 2:
		list[1].entry = inside & ~3u;
		through_count(try_pal(PAL_UPDATE, WINDOW, 2, 0));
		break;
	case 3: /* the second one lies across the border */
		through_count(try_pal(PAL_UPDATE, last - 16, 3, 0));
		break;
	case 4:
		through_count(try_pal(PAL_CONSOLE, last - below, 64, 0));
		break;
	case 5: /* across the end of all addresses */
		through_count(try_pal(PAL_UPDATE, 0u - below, 2, 0));
		break;
	case 6:
		through_count(try_pal(PAL_CONSOLE, 0u - below, 64, 0));
		break;
	default:
		list[1].entry = random_below(2) ? 0u - 2 : MONITOR - 2;
		through_count(try_pal(PAL_UPDATE, WINDOW, 2, 0));
	}
}

/* ---- the data page ---- */

#define DATA_WORDS 4u

static uint32_t garbage_draw(void)
{
	static const uint32_t words[] = {0, 0u - 0x200, 0x200, 0x100, 0u - 0x100, 0x3000, 0x4000,
		0x20000, 0xffffffff, 0x80000000, 1, 0xf0000000};

	return random_below(3) ? words[random_below(sizeof(words) / sizeof(words[0]))]
			       : random_u32();
}

/* Something that uses the flag; whatever comes of it. */
static void flag_use(void)
{
	static const uint8_t operations[] = {
		PAL_FLAGS, PAL_SET_FLAGS, PAL_MASK, PAL_UNMASK, PAL_HALT, PAL_INVALIDATE, PAL_TIME};
	uint32_t flag = random_u32() & EFLAGS_IF;

	if (random_below(2))
		try_pal(operations[random_below(sizeof(operations))], random_u32(), 0, flag);
	else /* with PUSHF, POPF, CLI and STI, which may be hot */
		try_code((uint32_t)other_pal + PAL_SLOT * (1 + random_below(4)), 0, random_u32(), 0,
			flag);
}

void data_run(void)
{
	uint32_t *data = (uint32_t *)pal_data;

	try_timer();
	for (uint32_t i = 0; i < callers_rounds * 20; i++) {
		uint32_t words = random_below(8) ? DATA_WORDS : PAGE_SIZE / 4;
		for (uint32_t word = 0; word < words; word++)
			data[word] = garbage_draw();
		flag_use();
	}
}

/* The tables of the processor where the firmware writes. */
void tables_run(void)
{
	uint32_t mapped = 0x00c00000u;

	try_timer();
	switch (callers_choice) {
	case 0: /* a page table */
		memcpy(pal_data, (void *)(*pde_at(directory, 0) & PTE_FRAME), PAGE_SIZE);
		*pde_at(directory, mapped) = (uint32_t)pal_data | PAGE_USER_WRITE;
		break;
	case 1: /* the page directory */
		memcpy(pal_data, (void *)directory, PAGE_SIZE);
		pal_set_cr3((uint32_t)pal_data);
		break;
	case 2:
		memcpy(pal_data, kernel_gdt, sizeof(kernel_gdt));
		gdt_load(pal_data, sizeof(kernel_gdt) - 1);
		break;
	default:
		memcpy(pal_data, kernel_idt, sizeof(kernel_idt));
		idt_load(pal_data, sizeof(kernel_idt) - 1);
	}
	for (uint32_t i = 0; i < callers_rounds * 20; i++) {
		uint32_t page = random_below(4) * PAGE_SIZE, *word = (uint32_t *)pal_data;
		flag_use();
		word[random_below(DATA_WORDS)] = garbage_draw();
		page_invalidate(mapped + page);
		try_code((uint32_t)code_touch, mapped + page, 0, 0, 0);
	}
}
