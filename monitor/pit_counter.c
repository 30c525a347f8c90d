/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One counter of an 8254 (Intel data sheet 231164, "Mode Definitions" and "Operation Common to All
 * Modes"), as a function of time: what it holds and what its OUT pin says, `elapsed` clocks after
 * its count was loaded.
 *
 * A count that the guest writes is loaded one clock later; while modes 2 and 3 run, at the end of
 * their period or half period; in modes 1 and 5, one clock after GATE rises.
 */
#include "clock.h"
#include "pit.h"

enum counter_mode {
	INTERRUPT_ON_TERMINAL_COUNT,
	ONE_SHOT,
	RATE_GENERATOR,
	SQUARE_WAVE,
	SOFTWARE_STROBE,
	HARDWARE_STROBE
};

enum counter_access { LOW_BYTE = 1, HIGH_BYTE, BOTH_BYTES };

/* The status byte: OUT, null count, and the low six bits of the control word. */
#define STATUS_OUT        0x80
#define STATUS_NULL_COUNT 0x40

static bool is_periodic(const struct pit_counter *counter)
{
	return counter->mode == RATE_GENERATOR || counter->mode == SQUARE_WAVE;
}

/* GATE does not stop these two; its rising edge starts them. */
static bool is_triggered(const struct pit_counter *counter)
{
	return counter->mode == ONE_SHOT || counter->mode == HARDWARE_STROBE;
}

/* ---- arithmetic ---- */

/* Sixteen bits at a time, so that no step needs more than 32. */
uint32_t clock_remainder(uint64_t value, uint32_t divisor)
{
	uint32_t remainder = 0;

	for (int shift = 48; shift >= 0; shift -= 16)
		remainder = (remainder << 16 | (uint16_t)(value >> shift)) % divisor;
	return remainder;
}

static uint32_t to_bcd(uint32_t value)
{
	return value % 10 | value / 10 % 10 << 4 | value / 100 % 10 << 8 | value / 1000 % 10 << 12;
}

static uint32_t from_bcd(uint32_t bcd)
{
	return (bcd & 15) + (bcd >> 4 & 15) * 10 + (bcd >> 8 & 15) * 100 + (bcd >> 12 & 15) * 1000;
}

/* How many values it has: it counts on from 0 to the highest. */
static uint32_t counter_values(const struct pit_counter *counter)
{
	return counter->bcd ? 10000 : 65536;
}

/* ---- the count as a function of time ---- */

/* How long the square wave is high; an odd count's extra clock is in that half. */
static uint32_t high_half(uint32_t count)
{
	return (count + 1) / 2;
}

/* Clocks since the count was loaded. */
static uint64_t counter_elapsed(const struct pit_counter *counter, uint64_t now)
{
	if (counter->paused)
		return counter->elapsed;
	return now > counter->start ? now - counter->start : 0;
}

/* Loads a count whose moment has come. GATE has not moved since: who moves it settles first. */
static void counter_settle(struct pit_counter *counter, uint64_t now)
{
	if (!counter->pending || now < counter->load)
		return;
	/* a running square wave takes a new count at the end of either half */
	bool low_half = counter->running && !counter->paused && counter->mode == SQUARE_WAVE &&
			clock_remainder(counter->load - counter->start, counter->count) != 0;
	counter->start = counter->load;
	if (low_half) /* as if the high half of the new count were just over */
		counter->start -= high_half(counter->next);
	counter->count = counter->next;
	counter->pending = false;
	counter->null_count = false;
	counter->running = true;
	counter->paused = !counter->gate && !is_triggered(counter);
	counter->elapsed = 0;
}

static uint32_t square_wave_value(uint32_t count, uint32_t phase)
{
	uint32_t half = high_half(count);
	uint32_t step = phase < half ? phase : phase - half;

	return (count & ~1u) - 2 * step; /* an odd count is loaded without its last bit */
}

/* What the counting element holds. */
static uint32_t counter_value(struct pit_counter *counter, uint64_t now)
{
	uint32_t values = counter_values(counter);

	counter_settle(counter, now);
	if (!counter->running)
		return counter->frozen;
	uint64_t elapsed = counter_elapsed(counter, now);
	if (counter->mode == RATE_GENERATOR)
		return counter->count - clock_remainder(elapsed, counter->count);
	if (counter->mode == SQUARE_WAVE)
		return square_wave_value(counter->count, clock_remainder(elapsed, counter->count));
	return (counter->count + values - clock_remainder(elapsed, values)) % values;
}

bool counter_out(struct pit_counter *counter, uint64_t now)
{
	counter_settle(counter, now);
	if (!counter->running)
		return counter->mode != INTERRUPT_ON_TERMINAL_COUNT;
	uint64_t elapsed = counter_elapsed(counter, now);
	switch ((enum counter_mode)counter->mode) {
	case INTERRUPT_ON_TERMINAL_COUNT:
	case ONE_SHOT:
		return elapsed >= counter->count;
	case RATE_GENERATOR:
		return counter->paused ||
		       clock_remainder(elapsed, counter->count) != counter->count - 1;
	case SQUARE_WAVE:
		return counter->paused ||
		       clock_remainder(elapsed, counter->count) < high_half(counter->count);
	case SOFTWARE_STROBE:
	case HARDWARE_STROBE:
		return counter->paused || elapsed != counter->count;
	}
	return true;
}

/* ---- edges ---- */

/* When OUT rises next after `now`, of a counter that has nothing to load. */
static uint64_t running_next_edge(const struct pit_counter *counter, uint64_t now)
{
	if (!counter->running || counter->paused)
		return CLOCK_NEVER;
	if (is_periodic(counter))
		return now + counter->count -
		       clock_remainder(counter_elapsed(counter, now), counter->count);
	uint64_t edge = counter->start + counter->count;
	if (counter->mode >= SOFTWARE_STROBE)
		edge++; /* the strobe is one clock long */
	return edge > now ? edge : CLOCK_NEVER;
}

uint64_t counter_next_edge(struct pit_counter *counter, uint64_t now)
{
	counter_settle(counter, now);
	if (!counter->pending || counter->load == CLOCK_NEVER)
		return running_next_edge(counter, now);
	/* nothing rises before the load, which may itself be an edge */
	struct pit_counter loaded = *counter;
	counter_settle(&loaded, counter->load);
	if (!counter_out(counter, counter->load - 1) && counter_out(&loaded, counter->load))
		return counter->load;
	return running_next_edge(&loaded, counter->load);
}

uint64_t counter_edge_after(struct pit_counter *counter, uint64_t last, uint64_t now)
{
	bool steady =
		is_periodic(counter) && counter->running && !counter->paused && !counter->pending;

	if (steady && last + counter->count > now)
		return last + counter->count;
	return counter_next_edge(counter, now);
}

/* ---- what the guest writes ---- */

/* Stands still at what it holds now. */
static void counter_freeze(struct pit_counter *counter, uint64_t now)
{
	counter->frozen = counter_value(counter, now);
	counter->running = false;
	counter->paused = false;
	counter->pending = false;
}

void counter_control(struct pit_counter *counter, uint8_t word, uint64_t now)
{
	counter_freeze(counter, now);
	counter->access = word >> 4 & 3;
	counter->mode = word >> 1 & 7;
	if (counter->mode > HARDWARE_STROBE)
		counter->mode -= 4; /* modes 2 and 3 ignore the high bit */
	counter->bcd = word & 1;
	counter->written = false;
	counter->null_count = true;
	counter->writing_high = false;
	counter->reading_high = false;
	counter->latched = 0;
	counter->status_latched = false;
}

/* When a count that is written now will be loaded. */
static uint64_t counter_load_time(const struct pit_counter *counter, uint64_t now)
{
	if (counter->pending && counter->load == now + 1)
		return now + 1; /* GATE rose in this very clock */
	if (is_triggered(counter))
		return CLOCK_NEVER;
	if (!is_periodic(counter) || !counter->running)
		return now + 1;
	if (counter->paused)
		return CLOCK_NEVER;
	uint32_t phase = clock_remainder(counter_elapsed(counter, now), counter->count);
	uint32_t half = high_half(counter->count);
	if (counter->mode == SQUARE_WAVE && phase < half)
		return now + half - phase;
	return now + counter->count - phase;
}

void counter_write(struct pit_counter *counter, uint8_t byte, uint64_t now)
{
	uint32_t value = counter->access == HIGH_BYTE ? (uint32_t)byte << 8 : byte;

	counter_settle(counter, now);
	if (counter->mode == INTERRUPT_ON_TERMINAL_COUNT)
		counter_freeze(counter, now); /* OUT falls at once, with the first byte */
	if (counter->access == BOTH_BYTES) {
		counter->writing_high = !counter->writing_high;
		if (counter->writing_high) {
			counter->low = byte;
			return;
		}
		value = (uint32_t)byte << 8 | counter->low;
	}
	if (counter->bcd)
		value = from_bcd(value);
	counter->next = value ? value : counter_values(counter);
	counter->load = counter_load_time(counter, now);
	counter->pending = true;
	counter->written = true;
	counter->null_count = true;
}

void counter_set_gate(struct pit_counter *counter, bool gate, uint64_t now)
{
	counter_settle(counter, now);
	if (gate == counter->gate)
		return;
	counter->gate = gate;
	if (gate && (is_triggered(counter) || is_periodic(counter))) {
		counter->load = now + 1; /* a trigger loads the count register again */
		counter->pending = counter->written;
	} else if (gate) {
		counter->start = now - counter->elapsed;
		counter->paused = false;
	} else if (!is_triggered(counter) && counter->running) {
		counter->elapsed = counter_elapsed(counter, now);
		counter->paused = true;
		if (is_periodic(counter))
			counter->load = CLOCK_NEVER;
	}
}

/* ---- what the guest reads ---- */

void counter_latch_count(struct pit_counter *counter, uint64_t now)
{
	if (counter->latched)
		return;
	uint32_t value = counter_value(counter, now);
	counter->latch = (uint16_t)(counter->bcd ? to_bcd(value) : value);
	counter->latched = counter->access == BOTH_BYTES ? 2 : 1;
}

void counter_latch_status(struct pit_counter *counter, uint64_t now)
{
	if (counter->status_latched)
		return;
	counter->status = (uint8_t)(counter->access << 4 | counter->mode << 1 | counter->bcd);
	if (counter_out(counter, now))
		counter->status |= STATUS_OUT;
	if (counter->null_count)
		counter->status |= STATUS_NULL_COUNT;
	counter->status_latched = true;
}

uint8_t counter_read(struct pit_counter *counter, uint64_t now)
{
	if (counter->status_latched) {
		counter->status_latched = false;
		return counter->status;
	}
	if (counter->latched) {
		counter->latched--;
	} else { /* not latched: what it holds at this moment */
		counter_latch_count(counter, now);
		counter->latched = 0;
	}
	bool high = counter->access == HIGH_BYTE || counter->reading_high;
	if (counter->access == BOTH_BYTES)
		counter->reading_high = !counter->reading_high;
	return (uint8_t)(high ? counter->latch >> 8 : counter->latch);
}
