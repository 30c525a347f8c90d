/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine time: the time-stamp counter (SDM 3A 17.17), read in periods of the 8254's input clock.
 *
 * Which of the two runs how much faster is measured once, at the start: channel 2 of the real 8254
 * counts down beside the counter, with its gate open and its loudspeaker off.
 */
#include "clock.h"
#include "cpu.h"
#include "machine.h"

#define PIT_CHANNEL2   0x42
#define PIT_CONTROL    0x43
#define PIT_MODE0      0xb0 /* channel 2, low byte then high byte, mode 0 */
#define PIT_LATCH      0x80 /* channel 2's counter */
#define SYSTEM_CONTROL 0x61
#define GATE2          0x01
#define SPEAKER        0x02
#define MEASURED       (CLOCK_HZ / 200) /* 5 ms */
#define PIT_COUNT      0xffffu

static uint64_t started; /* the time-stamp counter then */
static uint32_t rate;    /* periods for each tick of the time-stamp counter, times 2^32 */

/* The 8254 counts down; where it began does not matter. */
static uint16_t pit_count(void)
{
	port_write8(PIT_CONTROL, PIT_LATCH);
	uint16_t low = port_read8(PIT_CHANNEL2);
	return (uint16_t)(low | port_read8(PIT_CHANNEL2) << 8);
}

void clock_init(void)
{
	uint16_t first, passed;

	if (!(cpu_features() & CPUID_TSC))
		panic("the processor has no time-stamp counter (Pentium or later has)");
	uint8_t control = port_read8(SYSTEM_CONTROL);
	port_write8(SYSTEM_CONTROL, (uint8_t)((control & ~SPEAKER) | GATE2));
	port_write8(PIT_CONTROL, PIT_MODE0);
	port_write8(PIT_CHANNEL2, PIT_COUNT & 0xff);
	port_write8(PIT_CHANNEL2, PIT_COUNT >> 8);
	while ((first = pit_count()) == 0)
		continue; /* the first counts are not there yet */
	started = tsc_read();
	do
		passed = (uint16_t)(first - pit_count());
	while (passed < MEASURED);
	uint32_t counted = (uint32_t)(tsc_read() - started);
	port_write8(SYSTEM_CONTROL, control);

	if (counted <= passed)
		panic("the time-stamp counter is slower than the 8254: %u to %u", counted, passed);
	rate = divide_64_by_32((uint64_t)passed << 32, counted);
}

uint64_t clock_now(void)
{
	uint64_t counted = tsc_read() - started;

	return (counted >> 32) * rate + ((counted & 0xffffffff) * rate >> 32);
}
