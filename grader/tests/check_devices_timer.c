/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's timer. The monitor's model computes what a counter holds from the time that has
 * passed. Here it is held against the data sheet's own way of saying it: a counter that is moved by
 * one clock pulse after the other (Intel 8254, "Mode Definitions").
 */
#include "devices_fixture.h"

#define ROUNDS 400 /* random programs */

enum { COUNTER_0 = 0x40, COUNTER_2 = 0x42, CONTROL = 0x43, GATE = 0x61 };

/* ---- a counter, pulse by pulse ---- */

static struct pulsed {
	unsigned mode;
	uint32_t values;         /* 65536, or 10000 in BCD */
	uint32_t count_register; /* 1 to values */
	uint32_t element;        /* 0 to values - 1 */
	bool written;            /* the count register has been, since the control word */
	bool null;               /* and it has not been loaded yet */
	bool loaded, odd, triggered, gate, out, strobe;
} pulsed;

static void pulsed_load(void)
{
	pulsed.element = pulsed.count_register % pulsed.values;
	pulsed.odd = pulsed.count_register % 2;
	if (pulsed.mode == 3 && pulsed.odd)
		pulsed.element--;
	pulsed.null = false;
	pulsed.loaded = true;
	pulsed.strobe = true;
	pulsed.triggered = false;
}

static void pulsed_count(unsigned step)
{
	pulsed.element = (pulsed.element + pulsed.values - step) % pulsed.values;
}

/* The square wave's half is over when the count expires: an odd one's high half at 0, else at 2. */
static void pulsed_square_wave(void)
{
	bool odd_high = pulsed.out && pulsed.odd;

	if (pulsed.element == (odd_high ? 0 : 2)) {
		pulsed.out = !pulsed.out;
		pulsed_load();
	} else {
		pulsed_count(2);
	}
}

static void pulsed_clock(void)
{
	bool triggered_mode = pulsed.mode == 1 || pulsed.mode == 5;
	bool periodic = pulsed.mode == 2 || pulsed.mode == 3;
	bool load = triggered_mode ? pulsed.triggered
		    : periodic     ? pulsed.triggered || (pulsed.null && !pulsed.loaded)
				   : pulsed.null;

	if (load && pulsed.written) {
		pulsed_load();
		pulsed.out = pulsed.mode > 1;
		return;
	}
	if (!pulsed.loaded || (!triggered_mode && !pulsed.gate))
		return;
	switch (pulsed.mode) {
	case 0:
	case 1:
		pulsed_count(1);
		if (pulsed.element == 0)
			pulsed.out = true;
		break;
	case 2:
		if (pulsed.element == 1) {
			pulsed_load();
			pulsed.out = true;
		} else {
			pulsed_count(1);
			pulsed.out = pulsed.element != 1;
		}
		break;
	case 3:
		pulsed_square_wave();
		break;
	default:
		pulsed_count(1);
		pulsed.out = !(pulsed.element == 0 && pulsed.strobe);
		if (pulsed.element == 0)
			pulsed.strobe = false;
	}
}

static void pulsed_gate(bool gate)
{
	if (gate && !pulsed.gate && pulsed.mode != 0 && pulsed.mode != 4)
		pulsed.triggered = pulsed.written;
	if (!gate && pulsed.mode > 1 && pulsed.mode < 5)
		pulsed.out = true;
	pulsed.gate = gate;
}

/* ---- both at once ---- */

static void control(unsigned mode, bool bcd)
{
	out(CONTROL, 0xb0 | mode << 1 | bcd);
	pulsed.mode = mode;
	pulsed.values = bcd ? 10000 : 65536;
	pulsed.written = pulsed.loaded = pulsed.triggered = false;
	pulsed.null = true;
	pulsed.out = mode != 0;
}

static uint32_t bcd_of(uint32_t value)
{
	return value % 10 | value / 10 % 10 << 4 | value / 100 % 10 << 8 | value / 1000 % 10 << 12;
}

static void count_write(uint32_t count)
{
	uint32_t value = pulsed.values == 10000 ? bcd_of(count) : count;

	out(COUNTER_2, value & 0xff);
	out(COUNTER_2, value >> 8 & 0xff);
	pulsed.count_register = count;
	pulsed.written = pulsed.null = true;
	if (pulsed.mode == 0)
		pulsed.loaded = pulsed.out = false;
}

static void gate_write(bool gate)
{
	out(GATE, gate);
	pulsed_gate(gate);
}

static void same(const char *what, unsigned round, uint32_t got, uint32_t expected)
{
	if (got != expected)
		ck_abort_msg("round %u, mode %u, clock %llu: %s is %x, not %x", round, pulsed.mode,
			(unsigned long long)seen.now, what, got, expected);
}

/* Status and count by the read-back command. */
static void compare(unsigned round)
{
	out(CONTROL, 0xc8);
	uint8_t status = in(COUNTER_2);
	uint32_t value = in(COUNTER_2);
	value |= (uint32_t)in(COUNTER_2) << 8;
	bool in_bcd = pulsed.values == 10000;

	same("OUT", round, status >> 7, pulsed.out);
	same("OUT at port 61h", round, in(GATE) >> 5 & 1, pulsed.out);
	same("null count", round, status >> 6 & 1, pulsed.null);
	same("control", round, status & 0x3f, 0x30u | pulsed.mode << 1 | in_bcd);
	if (pulsed.loaded)
		same("count", round, value, in_bcd ? bcd_of(pulsed.element) : pulsed.element);
}

/* Small counts most of the time, so that periods end; sometimes the largest. */
static uint32_t random_count(void)
{
	return rand() % 10 ? 2 + (uint32_t)rand() % 40 : pulsed.values;
}

START_TEST(a_counter_does_what_clock_pulses_make_it_do)
{
	srand((unsigned)_i + 1);
	for (unsigned round = 0; round < ROUNDS; round++) {
		control((unsigned)_i, rand() % 4 == 0);
		for (unsigned step = 0; step < 300; step++) {
			switch (rand() % 24) {
			case 0:
				count_write(random_count());
				break;
			case 1:
			case 2:
				if (_i != 4 || pulsed.out) /* not during the strobe */
					gate_write(rand() % 3 != 0);
				break;
			case 3:
				control((unsigned)_i, rand() % 4 == 0);
				break;
			}
			compare(round);
			seen.now++;
			pulsed_clock();
			compare(round);
		}
	}
}
END_TEST

/* ---- IRQ 0 ---- */

static void timer_program(unsigned mode, uint32_t count)
{
	out(CONTROL, 0x30 | mode << 1);
	out(COUNTER_0, count & 0xff);
	out(COUNTER_0, count >> 8 & 0xff);
	seen.edges[0] = 0;
}

/* One interrupt each period, at the same phase after a million periods as after one. */
START_TEST(periodic_interrupts_never_drift)
{
	static const uint32_t counts[] = {2, 3, 1193, 11932, 65535, 65536};

	for (unsigned i = 0; i < ARRAY_LENGTH(counts); i++) {
		timer_program((unsigned)_i, counts[i]);
		uint64_t start = seen.now + 1;
		for (unsigned period = 1; period <= 1000000; period++) {
			uint64_t edge = start + (uint64_t)period * counts[i];
			seen.now = edge - 1;
			devices_advance(vm, seen.now);
			bool early = seen.edges[0] != period - 1;
			seen.now = edge;
			devices_advance(vm, seen.now);
			if (early || seen.edges[0] != period ||
				devices_deadline(vm) != edge + counts[i])
				ck_abort_msg("count %u, period %u", counts[i], period);
		}
	}
}
END_TEST

START_TEST(periods_that_nobody_looked_at_give_one_interrupt)
{
	timer_program(2, 1000);
	uint64_t start = seen.now + 1;

	seen.now = start + 5000000000000ull + 123;
	devices_advance(vm, seen.now);
	ck_assert_uint_eq(seen.edges[0], 1);
	ck_assert_uint_eq(devices_deadline(vm), start + 5000000001000ull);
	/* a request that waits stays, however late in the period it is */
	seen.now = start + 5000000000999ull;
	devices_advance(vm, seen.now);
	ck_assert(seen.line[0]);
}
END_TEST

START_TEST(mode_0_interrupts_once)
{
	timer_program(0, 100);
	uint64_t written = seen.now;

	ck_assert(!seen.line[0]);
	ck_assert_uint_eq(devices_deadline(vm), written + 101);
	seen.now = written + 100;
	devices_advance(vm, seen.now);
	ck_assert(!seen.line[0]);
	seen.now++;
	devices_advance(vm, seen.now);
	ck_assert(seen.line[0]);
	ck_assert_uint_eq(devices_deadline(vm), CLOCK_NEVER);
	seen.now += 1000000;
	devices_advance(vm, seen.now);
	ck_assert_uint_eq(seen.edges[0], 1);
	/* the first byte of a new count takes the request back, the second starts anew */
	out(COUNTER_0, 50);
	ck_assert(!seen.line[0]);
	ck_assert_uint_eq(devices_deadline(vm), CLOCK_NEVER);
	out(COUNTER_0, 0);
	ck_assert_uint_eq(devices_deadline(vm), seen.now + 51);
}
END_TEST

START_TEST(every_new_deadline_is_reported)
{
	unsigned before = seen.deadlines;

	timer_program(2, 5000);
	ck_assert_uint_gt(seen.deadlines, before);
	before = seen.deadlines;
	/* a new rate begins when the running period is over */
	seen.now += 10;
	uint64_t edge = devices_deadline(vm);
	out(COUNTER_0, 100);
	out(COUNTER_0, 0);
	ck_assert_uint_gt(seen.deadlines, before);
	ck_assert_uint_eq(devices_deadline(vm), edge);
	seen.now = edge;
	devices_advance(vm, seen.now);
	ck_assert_uint_eq(devices_deadline(vm), edge + 100);
}
END_TEST

/* What the counter did until then is not lost with the program that it had. */
START_TEST(a_new_program_owes_what_the_old_one_did)
{
	timer_program(2, 1000);
	seen.now += 1500;
	out(CONTROL, 0x34);
	ck_assert_uint_eq(seen.edges[0], 1);
	/* a request that waited through the low half of a square wave goes with its program */
	timer_program(3, 1000);
	seen.now += 1001;
	devices_advance(vm, seen.now);
	seen.now += 600;
	ck_assert(seen.line[0]);
	out(CONTROL, 0x30);
	ck_assert(!seen.line[0]);
}
END_TEST

START_TEST(the_bios_leaves_18_ticks_a_second)
{
	uint64_t first = devices_deadline(vm);

	ck_assert_uint_eq(first, seen.now + 65537);
	devices_advance(vm, first);
	ck_assert_uint_eq(seen.edges[0], 1);
	ck_assert_uint_eq(devices_deadline(vm), first + 65536);
}
END_TEST

/* ---- reading ---- */

START_TEST(a_latched_count_waits_until_it_is_read)
{
	timer_program(2, 0x1234);
	seen.now += 1 + 0x34;
	out(CONTROL, 0x00);
	seen.now += 50;
	out(CONTROL, 0x00); /* not a second time */
	ck_assert_uint_eq(in(COUNTER_0), 0x00);
	ck_assert_uint_eq(in(COUNTER_0), 0x12);
	ck_assert_uint_eq(in(COUNTER_0), 0x34 + 0x100 - 0x34 - 50); /* 11ceh, at this moment */
	ck_assert_uint_eq(in(COUNTER_0), 0x11);
}
END_TEST

START_TEST(one_byte_is_enough_where_the_control_word_says_so)
{
	out(CONTROL, 0x14); /* low byte, mode 2 */
	out(COUNTER_0, 80);
	seen.now += 1 + 7;
	ck_assert_uint_eq(in(COUNTER_0), 73);
	ck_assert_uint_eq(in(COUNTER_0), 73);
	out(CONTROL, 0x24); /* high byte */
	out(COUNTER_0, 2);
	seen.now += 1 + 300;
	ck_assert_uint_eq(in(COUNTER_0), (512 - 300) >> 8);
	ck_assert_uint_eq(devices_deadline(vm), seen.now + 212);
}
END_TEST

START_TEST(memory_refresh_toggles)
{
	unsigned toggles = 0;
	uint8_t last = in(GATE);

	for (unsigned clock = 0; clock < 180; clock++) {
		seen.now++;
		toggles += ((in(GATE) ^ last) & 0x10) != 0;
		last = in(GATE);
	}
	ck_assert_uint_eq(toggles, 10);
	out(GATE, 0xff);
	ck_assert_uint_eq(in(GATE) & ~0x30, 0x0f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("timer");
	TCase *tests = tcase_create("timer");

	tcase_add_checked_fixture(tests, devices_make, devices_free);
	tcase_add_loop_test(tests, a_counter_does_what_clock_pulses_make_it_do, 0, 6);
	tcase_add_loop_test(tests, periodic_interrupts_never_drift, 2, 4);
	tcase_add_test(tests, periods_that_nobody_looked_at_give_one_interrupt);
	tcase_add_test(tests, mode_0_interrupts_once);
	tcase_add_test(tests, every_new_deadline_is_reported);
	tcase_add_test(tests, a_new_program_owes_what_the_old_one_did);
	tcase_add_test(tests, the_bios_leaves_18_ticks_a_second);
	tcase_add_test(tests, a_latched_count_waits_until_it_is_read);
	tcase_add_test(tests, one_byte_is_enough_where_the_control_word_says_so);
	tcase_add_test(tests, memory_refresh_toggles);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
