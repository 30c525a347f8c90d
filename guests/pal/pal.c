/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel that calls its firmware for everything privileged (pal.h): the interrupt flag, page
 * tables, time, the console. Its results are what each operation does, whoever's firmware it is.
 */
#include "parts.h"
#include "paging.h"
#include "random.h"
#include "results.h"

#define IRQ_BASE    0x20
#define PIT_0       0x40
#define PIT_CONTROL 0x43
#define PIT_RATE    0x34 /* counter 0, low byte then high byte, mode 2 */
#define DIVISOR     1193 /* 1000 interrupts a second */

#define FRAMES    64u
#define WINDOW    0x00800000u /* linear addresses of the kernel's own */
#define PAGES     24u         /* of the window */
#define HOLE      (WINDOW + 0x100000)
#define ROUNDS    8u /* the code is new in the first of them: it may take exits of its own */
#define SECTIONS  2000u
#define LIST_MAX  160u
#define TEXT_SIZE 3000u
#define WAIT      6000u /* periods of PAL_TIME: some interrupts' */

SEEDED uint32_t pal_seed = 1;

volatile uint32_t ticks;
static volatile uint32_t inside, broken;
static uint8_t arena[FRAMES * PAGE_SIZE] __attribute__((aligned(4096)));
static struct pal_update list[LIST_MAX];
static uint32_t directory, faults, fault_address;
static uint32_t spare; /* the frame for the page that is missing next; 0: a new one */

/* ---- interrupts ---- */

static void on_tick(struct frame *frame)
{
	ticks++;
	broken += inside != 0;
	mixture_interrupted(frame);
	pic_end(0);
}

static void timer_start(void)
{
	pic_init(IRQ_BASE, IRQ_BASE + 8);
	pic_mask(0xfffe);
	handler_set(IRQ_BASE, on_tick);
	port_write8(PIT_CONTROL, PIT_RATE);
	port_write8(PIT_0, DIVISOR & 0xff);
	port_write8(PIT_0, DIVISOR >> 8);
}

static void wait(void)
{
	uint64_t start = pal_time();

	while (pal_time() - start < WAIT)
		;
}

static void try_flag(void)
{
	uint32_t before;

	result_check("IF at first", pal_flags() & EFLAGS_IF, 0);
	pal_unmask();
	result_check("IF after PAL_UNMASK", pal_flags() & EFLAGS_IF, EFLAGS_IF);
	result_check("PAL_MASK tells IF", pal_mask() & EFLAGS_IF, EFLAGS_IF);
	result_check("IF after PAL_MASK", pal_flags() & EFLAGS_IF, 0);
	result_check("PAL_MASK tells it again", pal_mask() & EFLAGS_IF, 0);
	pal_set_flags(EFLAGS_IF);
	result_check("IF set by PAL_SET_FLAGS", pal_flags() & EFLAGS_IF, EFLAGS_IF);
	pal_set_flags(~EFLAGS_IF);
	result_check("IF cleared by PAL_SET_FLAGS", pal_flags() & EFLAGS_IF, 0);

	for (unsigned i = 0; i < ROUNDS; i++) {
		bool unmask = i & 1;
		before = ticks;
		wait();
		result_check("ticks while masked", ticks - before, 0);
		if (unmask)
			pal_unmask();
		else
			pal_set_flags(EFLAGS_IF);
		result_check(unmask ? "one waits for PAL_UNMASK" : "one waits for PAL_SET_FLAGS",
			ticks != before, 1);
		pal_mask();
	}
	pal_unmask();
	before = ticks;
	wait();
	result_check("they come while unmasked", ticks != before, 1);
	for (unsigned i = 0; i < 5; i++) {
		pal_mask();
		before = ticks;
		pal_halt();
		result_check("PAL_HALT ends with one", ticks != before, 1);
		result_check("and with IF", pal_flags() & EFLAGS_IF, EFLAGS_IF);
	}
}

/* Critical sections, one inside another, as a kernel has them. */
static void try_sections(void)
{
	uint32_t ends = 0;

	for (uint32_t i = 0; i < SECTIONS; i++) {
		uint32_t outer = pal_mask();
		inside++;
		uint32_t inner = pal_mask();
		for (volatile uint32_t j = random_below(20); j; j--)
			;
		inside--;
		pal_set_flags(inner);
		ends += (pal_flags() & EFLAGS_IF) == 0;
		pal_set_flags(outer);
		ends += (pal_flags() & EFLAGS_IF) != 0;
	}
	result_check("sections that ended as they should", ends, 2 * SECTIONS);
	result_check("interrupts in a section", broken, 0);
}

/* ---- page tables ---- */

/* The page that is missing is there from now on. */
static void on_fault(struct frame *frame)
{
	(void)frame;
	faults++;
	fault_address = cr2_read();
	page_map(directory, fault_address & PTE_FRAME, spare ? spare : frame_take(),
		PAGE_KERNEL_WRITE);
	spare = 0;
}

static uint32_t window_sum(void)
{
	uint32_t sum = 0;

	for (uint32_t page = 0; page < PAGES; page++)
		sum = sum * 31 + *(const uint32_t *)(WINDOW + page * PAGE_SIZE);
	return sum;
}

static void try_update(void)
{
	uint32_t frame[PAGES], shown[PAGES], wanted;

	for (uint32_t page = 0; page < PAGES; page++) {
		frame[page] = frame_take();
		*(uint32_t *)frame[page] = random_u32();
		page_map(directory, WINDOW + page * PAGE_SIZE, frame[page], PAGE_KERNEL_WRITE);
		shown[page] = page;
	}
	for (uint32_t count = 0; count <= LIST_MAX; count += 1 + random_below(40)) {
		window_sum(); /* the processor knows all of them */
		for (uint32_t i = 0; i < count; i++) {
			uint32_t page = random_below(PAGES);
			shown[page] = random_below(PAGES);
			list[i].linear = WINDOW + page * PAGE_SIZE + random_below(PAGE_SIZE);
			list[i].entry = (uint32_t)pte_at(directory, list[i].linear);
			list[i].value = frame[shown[page]] | PAGE_KERNEL_WRITE;
		}
		uint32_t answer = (uint32_t)pal_call(PAL_UPDATE, (uint32_t)list, count);
		result_check("a list of updates: EAX", answer, 0);
		wanted = 0;
		for (uint32_t page = 0; page < PAGES; page++)
			wanted = wanted * 31 + *(uint32_t *)frame[shown[page]];
		result_check("a list of updates", window_sum(), wanted);
	}
}

/* A list that reaches into a page that is not there, and entries that are not. */
static void try_faults(void)
{
	struct pal_update *across = (void *)(HOLE + PAGE_SIZE - 3 * PAL_UPDATE_SIZE);
	uint32_t *far = (uint32_t *)(HOLE + 4 * PAGE_SIZE + 8);

	page_map(directory, HOLE, frame_take(), PAGE_KERNEL_WRITE);
	page_map(directory, HOLE + PAGE_SIZE, frame_take(), PAGE_KERNEL_WRITE);
	for (uint32_t i = 0; i < 6; i++)
		across[i] = (struct pal_update){(uint32_t)&far[i], 100 + i, WINDOW};
	handler_set(VECTOR_PF, on_fault);
	pal_update(across, 3);
	result_check("faults of an update's entry", faults, 1);
	result_check("at", fault_address, (uint32_t)far);
	spare = page_unmap(directory, HOLE + PAGE_SIZE) & PTE_FRAME;
	page_invalidate(HOLE + PAGE_SIZE);
	pal_update(across, 6);
	result_check("and of its list", faults, 2);
	result_check("at the page's beginning", fault_address, HOLE + PAGE_SIZE);
	for (uint32_t i = 0; i < 6; i++)
		result_check("the value is there", far[i], 100 + i);
}

static void try_translations(void)
{
	uint32_t other = paging_directory(), a = frame_take(), b = frame_take();

	*(uint32_t *)a = 1;
	*(uint32_t *)b = 2;
	page_map(directory, WINDOW, a, PAGE_KERNEL_WRITE);
	page_map(other, WINDOW, b, PAGE_KERNEL_WRITE);
	pal_set_cr3(directory);
	result_check("one address space", *(volatile uint32_t *)WINDOW, 1);
	pal_set_cr3(other);
	result_check("the other", *(volatile uint32_t *)WINDOW, 2);
	result_check("CR3", cr3_read(), other);
	*pte_at(other, WINDOW) = a | PAGE_KERNEL_WRITE;
	pal_invalidate(WINDOW);
	result_check("another page", *(volatile uint32_t *)WINDOW, 1);
	pal_set_cr3(directory);
	result_check("and back", *(volatile uint32_t *)WINDOW, 1);
}

/* ---- the rest ---- */

static void try_time(void)
{
	uint64_t last = pal_call(PAL_TIME, random_u32(), random_u32()), start = last;
	uint32_t backward = 0;

	for (uint32_t i = 0; i < 200; i++) {
		uint64_t now = pal_call(PAL_TIME, random_u32(), random_u32());
		backward += now < last;
		last = now;
	}
	result_check("time goes forward", backward, 0);
	result_check("time goes on", last > start, 1);
	pal_unmask();
	uint32_t before = ticks;
	for (uint32_t i = 0; i < 4; i++)
		wait();
	before = ticks - before;
	pal_mask();
	result_check("time is as long as the timer's", before >= 17 && before <= 23, 1);
}

/* Across pages, of which the second is not there at first. */
static void try_console(void)
{
	char *text = (char *)HOLE + 2 * PAGE_SIZE - 1000;
	uint32_t second = HOLE + 2 * PAGE_SIZE, before;

	for (uint32_t i = 0; i < TEXT_SIZE; i++)
		text[i] = i % 75 == 74 ? '\n' : (char)('a' + random_below(26));
	spare = page_unmap(directory, second) & PTE_FRAME;
	page_invalidate(second);
	before = faults;
	uint32_t answer = (uint32_t)pal_call(PAL_CONSOLE, (uint32_t)text, TEXT_SIZE);
	result_check("EAX of a text", answer, 0);
	result_check("faults of a text", faults - before, 1);
	result_check("at the second page", fault_address, second);
	pal_console(text, 0);
	pal_console((void *)0xe0000000, 0); /* nothing is there, and nothing is asked for */
}

void kernel_main(uint32_t info)
{
	(void)info;
	random_seed(pal_seed);
	kernel_tables_load();
	frames_init(arena, FRAMES);
	timer_start();
	result_check("operations", pal_version() & 0xff, PAL_OPERATIONS);
	try_flag();
	try_sections();
	try_mixture();
	pal_mask();
	random_seed(pal_seed + 1); /* the mixture took as many as its interrupts wanted */
	directory = paging_directory();
	paging_on(directory);
	cr0_write(cr0_read() | CR0_WP);
	try_update();
	try_faults();
	try_translations();
	try_time();
	try_console();
	results_print("pal");
}
