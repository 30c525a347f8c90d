/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 8254 (data sheet 231164) as a kernel uses it: what comes at IRQ 0, and when.
 *
 * The guest goes through phases. In each the handler counts, and its first instruction has the
 * label timer_interrupt: whoever looks from outside can measure how much time passes between two of
 * them. What the guest can tell by itself, it keeps in timer_results.
 */
#include "timer.h"
#include "kernel.h"

#define PIT_0       0x40
#define PIT_2       0x42
#define PIT_CONTROL 0x43
#define PIT_GATE    0x61

#define ONE_SHOT    0x30 /* control words: counter 0, low byte then high byte, mode */
#define RATE        0x34
#define SQUARE      0x36
#define STROBE      0x38
#define ONE_SHOT_2  0xb0
#define LATCH_0     0x00
#define READ_STATUS 0xe2 /* read-back: of counter 0 the status, */
#define READ_BOTH   0xc2 /* or count and status */
#define GATE_2      0x01
#define OUT_2       0x20

#define BASE  0x20
#define IRQ_0 (BASE + 0)

SEEDED uint32_t timer_divisor = 9000;
SEEDED uint32_t timer_other_divisor = 5000;
SEEDED uint32_t timer_ticks = 5; /* interrupts in a phase */

struct timer_results timer_results;
volatile uint32_t timer_phase;

static volatile uint32_t count; /* of interrupts since the phase began */

void timer_interrupt(struct frame *frame);

__attribute__((noinline)) void timer_interrupt(struct frame *frame)
{
	(void)frame;
	count++;
	pic_end(0);
}

static void program(uint8_t control, uint32_t divisor)
{
	port_write8(PIT_CONTROL, control);
	port_write8(PIT_0, (uint8_t)divisor);
	port_write8(PIT_0, (uint8_t)(divisor >> 8));
}

static uint32_t latched(void)
{
	port_write8(PIT_CONTROL, LATCH_0);
	uint32_t low = port_read8(PIT_0);
	return low | (uint32_t)port_read8(PIT_0) << 8;
}

/* Waits for so many clocks by counter 2, which does not interrupt. */
static void wait_clocks(uint32_t clocks)
{
	port_write8(PIT_GATE, GATE_2);
	port_write8(PIT_CONTROL, ONE_SHOT_2);
	port_write8(PIT_2, (uint8_t)clocks);
	port_write8(PIT_2, (uint8_t)(clocks >> 8));
	while (!(port_read8(PIT_GATE) & OUT_2))
		;
}

static void phase_begin(enum timer_phase phase)
{
	interrupts_disable();
	/* nothing of the phase before is left: OUT goes low, and with it the request */
	port_write8(PIT_CONTROL, ONE_SHOT);
	timer_phase = phase;
	count = 0;
}

static void phase_end(void)
{
	interrupts_disable();
	timer_results.interrupts[timer_phase] = count;
}

static void halt(void)
{
	timer_results.halts[timer_phase]++;
	interrupt_wait();
}

/* Some interrupts at a rate, waited for with HLT. */
static void periodic(enum timer_phase phase, uint8_t control, uint32_t divisor)
{
	phase_begin(phase);
	program(control, divisor);
	while (count < timer_ticks)
		halt();
	phase_end();
}

/* The same without HLT: the guest's own instructions are interrupted. */
static void busy(void)
{
	phase_begin(TIMER_BUSY);
	program(RATE, timer_divisor);
	interrupts_enable();
	while (count < timer_ticks)
		;
	phase_end();
}

/* One interrupt, and then none any more. */
static void one_shot(enum timer_phase phase, uint8_t control)
{
	phase_begin(phase);
	program(control, timer_divisor);
	while (count == 0)
		halt();
	wait_clocks(2 * timer_divisor);
	phase_end();
}

/* A new count for mode 2 holds from the next period on. */
static void reprogram(void)
{
	phase_begin(TIMER_REPROGRAM);
	program(RATE, timer_divisor);
	while (count < 2)
		halt();
	port_write8(PIT_0, (uint8_t)timer_other_divisor);
	port_write8(PIT_0, (uint8_t)(timer_other_divisor >> 8));
	while (count < 2 + timer_ticks)
		halt();
	phase_end();
}

/* Three periods pass while nobody listens; the request is remembered once. */
static void deaf(void)
{
	phase_begin(TIMER_DEAF);
	program(RATE, timer_divisor);
	wait_clocks(3 * timer_divisor + timer_divisor / 2);
	__asm__ volatile("sti; nop; nop; cli" : : : "memory");
	phase_end();
}

/* What the counter says of itself: with interrupts off. */
static void read_back(void)
{
	struct timer_results *r = &timer_results;

	phase_begin(TIMER_READ_BACK);
	port_write8(PIT_CONTROL, SQUARE);
	port_write8(PIT_CONTROL, READ_STATUS);
	r->status_no_count = port_read8(PIT_0);
	program(RATE, timer_divisor);
	wait_clocks(100);
	port_write8(PIT_CONTROL, READ_STATUS);
	r->status_counting = port_read8(PIT_0);
	r->first_count = latched();
	wait_clocks(timer_divisor / 4);
	r->second_count = latched();
	/* what is latched stays, until it is read */
	port_write8(PIT_CONTROL, LATCH_0);
	wait_clocks(timer_divisor / 8);
	port_write8(PIT_CONTROL, LATCH_0);
	r->third_count = port_read8(PIT_0);
	r->third_count |= (uint32_t)port_read8(PIT_0) << 8;
	port_write8(PIT_CONTROL, READ_BOTH);
	r->status_before_count = port_read8(PIT_0);
	r->fourth_count = port_read8(PIT_0);
	r->fourth_count |= (uint32_t)port_read8(PIT_0) << 8;
	phase_end();
}

void kernel_main(uint32_t info)
{
	(void)info;
	kernel_tables_load();
	handler_set(IRQ_0, timer_interrupt);
	pic_init(BASE, BASE + 8);
	pic_mask(0xfffe);

	periodic(TIMER_RATE, RATE, timer_divisor);
	periodic(TIMER_SQUARE, SQUARE, timer_divisor);
	busy();
	one_shot(TIMER_ONE_SHOT, ONE_SHOT);
	one_shot(TIMER_STROBE, STROBE);
	reprogram();
	deaf();
	read_back();
	for (unsigned i = 0; i < TIMER_PHASES; i++)
		console_printf("timer: phase %u, %u interrupts\n", i, timer_results.interrupts[i]);
}
