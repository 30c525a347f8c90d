/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Critical sections beside a timer (critical.asm). How often the timer comes depends on time, and
 * is not compared; that nothing is lost is.
 */
#include "flags.h"

#define PIT_0       0x40
#define PIT_CONTROL 0x43
#define RATE        0x34 /* counter 0, low byte then high byte, mode 2 */
#define ONE_SHOT    0x30
#define IRQ_TIMER   0
#define VECTOR_BASE 0x20
#define LOOK        0x63

SEEDED uint32_t flags_divisor = 600;
SEEDED uint32_t flags_ticks = 20;

typedef void section(void);
section section_pushf, section_memory, section_nested, section_branch, section_function,
	section_cli_sti, section_word;

volatile uint32_t critical_counter;
static volatile uint32_t ticks, off_when_taken;
static uint32_t looked;

/* Takes its time as well, so that it is seen when it is interrupted itself: then two are lost. */
static void tick(struct frame *frame)
{
	uint32_t value = critical_counter;

	off_when_taken += !(frame->eflags & EFLAGS_IF);
	pic_end(IRQ_TIMER);
	critical_counter = value + 1;
	ticks++;
}

static void look(struct frame *frame)
{
	looked = frame->eflags & EFLAGS_IF;
}

static uint32_t if_now(void)
{
	software_interrupt(LOOK);
	return looked;
}

static void timer_begin(void)
{
	port_write8(PIT_CONTROL, RATE);
	port_write8(PIT_0, (uint8_t)flags_divisor);
	port_write8(PIT_0, (uint8_t)(flags_divisor >> 8));
	pic_init(VECTOR_BASE, VECTOR_BASE + 8);
	pic_mask((uint16_t) ~(1u << IRQ_TIMER));
	ticks = off_when_taken = critical_counter = 0;
}

static void timer_end(void)
{
	interrupts_disable();
	port_write8(PIT_CONTROL, ONE_SHOT);
	pic_mask(0xffff);
}

static const struct {
	const char *name;
	section *function;
} sections[] = {
	{"sections with PUSHF and POPF", section_pushf},
	{"sections with flags in a variable", section_memory},
	{"sections in sections", section_nested},
	{"sections that look at their flags", section_branch},
	{"sections by functions", section_function},
	{"sections with CLI and STI", section_cli_sti},
	{"sections with 16 bits of flags", section_word},
};
#define SECTIONS (sizeof(sections) / sizeof(sections[0]))

/* Interrupts on: each section lets them in behind it. */
static void section_run(uint32_t number)
{
	uint32_t loops = 0, off = 0;

	timer_begin();
	interrupts_enable();
	while (ticks < flags_ticks) {
		sections[number].function();
		if (loops++ % 16 == 0)
			off += !if_now();
	}
	timer_end();
	result_check(sections[number].name, critical_counter - loops - ticks, 0);
	result_check("- interrupts off behind it", off, 0);
	result_check("- interrupts while they were off", off_when_taken, 0);
}

/* Interrupts off: no section turns them on, though a request waits all the time. */
static void section_run_off(uint32_t number)
{
	uint32_t on = 0;

	timer_begin();
	while (!(port_read8(0x20) & 1)) /* the request register: IRQ 0 asks */
		;
	for (uint32_t i = 0; i < 100; i++) {
		sections[number].function();
		on += if_now() != 0;
	}
	result_check("- interrupts on that were off", on + ticks, 0);
	result_check("- its own count", critical_counter, 100);
	timer_end();
}

/* STI and HLT: the interrupt that comes between them would be lost, and the guest sleep for ever.
 */
static void sleeps_run(void)
{
	uint32_t sleeps = 0;

	timer_begin();
	while (ticks < flags_ticks) {
		interrupt_wait();
		interrupts_disable();
		sleeps++;
	}
	timer_end();
	result_check("each sleep ended by one interrupt", sleeps == ticks, 1);
	result_check("interrupts while they were off", off_when_taken, 0);
}

/* POPF turns interrupts on, and HLT waits. There may be a tick in between; then HLT waits for the
 * next. */
static void popf_sleeps_run(void)
{
	timer_begin();
	while (ticks < flags_ticks)
		__asm__ volatile("pushl $0x202\n\tpopf\n\thlt\n\tcli" : : : "memory", "cc");
	timer_end();
	result_check("POPF, HLT: while they were off", off_when_taken, 0);
}

void critical_run(void)
{
	handler_set(VECTOR_BASE + IRQ_TIMER, tick);
	handler_set(LOOK, look);
	for (uint32_t i = 0; i < SECTIONS; i++) {
		section_run(i);
		if (sections[i].function != section_cli_sti)
			section_run_off(i);
	}
	sleeps_run();
	popf_sleeps_run();
}
