/* SPDX-License-Identifier: BSD-2-Clause */
/* Channel 0 of the 8254 counts an input of 1.193182 MHz down and interrupts each time that it
 * starts over: mode 2 (Intel 8254 data sheet). Each tick also ends the running task's turn. */
#include "timer.h"

#include "cpu.h"
#include "interrupts.h"
#include "lock.h"
#include "panic.h"
#include "task.h"

#define CHANNEL_0     0x40
#define CONTROL       0x43
#define CONTROL_MODE2 0x34 /* channel 0, low byte then high byte, mode 2, binary */
#define CONTROL_LATCH 0x00 /* channel 0: its count, to be read in two bytes */
#define INPUT_HERTZ   1193182u
#define DIVISOR       ((INPUT_HERTZ + TICKS_PER_SECOND / 2) / TICKS_PER_SECOND)
#define PERIODS_MAX   3 /* without a tick, and something is wrong */

static struct lock lock = {.name = "timer"};
static volatile uint32_t ticks;
static void (*each_tick)(void);

static void timer_interrupt(void)
{
	uint32_t flags = lock_acquire(&lock);

	ticks++;
	task_wake((const void *)&ticks);
	lock_release(&lock, flags);
	if (each_tick)
		each_tick();
	task_end_turn();
}

void timer_attach(void (*function)(void))
{
	each_tick = function;
}

void timer_init(void)
{
	port_write(CONTROL, CONTROL_MODE2);
	port_write(CHANNEL_0, DIVISOR & 0xff);
	port_write(CHANNEL_0, DIVISOR >> 8);
	interrupt_attach(IRQ_TIMER, timer_interrupt);
}

static uint16_t timer_count(void)
{
	port_write(CONTROL, CONTROL_LATCH);
	uint8_t low = port_read(CHANNEL_0);
	return (uint16_t)(low | port_read(CHANNEL_0) << 8);
}

void timer_check(void)
{
	uint32_t start = ticks;
	uint16_t before = timer_count();
	unsigned periods = 0;

	while (ticks == start && periods < PERIODS_MAX) {
		uint16_t count = timer_count();
		periods += count > before; /* it counts down, so it has started over */
		before = count;
	}
	if (ticks == start)
		panic("the timer counts, but no interrupt comes");
}

uint32_t timer_ticks(void)
{
	return ticks;
}

/* The tick that is under way counts for nothing: it may be almost over. */
static uint32_t ticks_at_least(uint32_t milliseconds)
{
	return milliseconds / MILLISECONDS_PER_TICK + (milliseconds % MILLISECONDS_PER_TICK != 0) +
	       1;
}

void timer_sleep(uint32_t milliseconds)
{
	uint32_t flags = lock_acquire(&lock);
	uint32_t start = ticks, wanted = ticks_at_least(milliseconds);

	while (ticks - start < wanted && !task_current()->killed)
		task_sleep((const void *)&ticks, &lock);
	lock_release(&lock, flags);
}
