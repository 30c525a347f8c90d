/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's clock and its memory, as the MC146818A data sheet and a PC's BIOS have them. */
#include "devices_fixture.h"

enum { IRQ_RTC = 8 };
enum { SECONDS, MINUTES = 2, HOURS = 4, WEEKDAY = 6, DAY, MONTH, YEAR, A, B, C, D };
enum { SET = 0x80, PIE = 0x40, AIE = 0x20, UIE = 0x10, BINARY = 0x04, HOURS_24 = 0x02 };

static uint8_t cmos(uint8_t address)
{
	out(0x70, address);
	return in(0x71);
}

static void cmos_put(uint8_t address, uint8_t value)
{
	out(0x70, address);
	out(0x71, value);
}

/* Sets time and date, in whatever format B has: the values are written as they are. */
static void cmos_set(const uint8_t fields[7], uint8_t b)
{
	static const uint8_t addresses[] = {HOURS, MINUTES, SECONDS, WEEKDAY, DAY, MONTH, YEAR};

	cmos_put(B, b | SET);
	for (unsigned i = 0; i < 7; i++)
		cmos_put(addresses[i], fields[i]);
	cmos_put(B, b);
}

static void cmos_expect(const uint8_t fields[7])
{
	static const uint8_t addresses[] = {HOURS, MINUTES, SECONDS, WEEKDAY, DAY, MONTH, YEAR};

	for (unsigned i = 0; i < 7; i++)
		ck_assert_msg(cmos(addresses[i]) == fields[i], "register %x is %x, not %x",
			addresses[i], cmos(addresses[i]), fields[i]);
}

START_TEST(time_begins_with_the_machines_own)
{
	cmos_expect((const uint8_t[]){0, 0, 0, 7, 1, 1, 0});
	seen.now += (uint64_t)CLOCK_HZ * 86399;
	cmos_expect((const uint8_t[]){0x23, 0x59, 0x59, 7, 1, 1, 0});
	seen.now += CLOCK_HZ - 1;
	ck_assert_uint_eq(cmos(SECONDS), 0x59);
	seen.now++;
	cmos_expect((const uint8_t[]){0, 0, 0, 1, 2, 1, 0});
	ck_assert_uint_eq(cmos(0x32), 0x20);
}
END_TEST

/* One second before and after: hours, minutes, seconds, weekday, day, month, year. */
static const struct turn {
	uint8_t b;
	uint8_t before[7], after[7];
} turns[] = {
	{HOURS_24, {0x09, 0x59, 0x59, 1, 9, 9, 9}, {0x10, 0, 0, 1, 9, 9, 9}},
	{HOURS_24, {0x23, 0x59, 0x59, 7, 0x28, 2, 0x04}, {0, 0, 0, 1, 0x29, 2, 0x04}},
	{HOURS_24, {0x23, 0x59, 0x59, 2, 0x28, 2, 0x03}, {0, 0, 0, 3, 1, 3, 0x03}},
	{HOURS_24, {0x23, 0x59, 0x59, 2, 0x30, 4, 0x03}, {0, 0, 0, 3, 1, 5, 0x03}},
	{HOURS_24, {0x23, 0x59, 0x59, 2, 0x31, 0x12, 0x99}, {0, 0, 0, 3, 1, 1, 0}},
	{HOURS_24 | BINARY, {23, 59, 59, 2, 31, 12, 99}, {0, 0, 0, 3, 1, 1, 0}},
	{HOURS_24 | BINARY, {9, 59, 59, 2, 9, 12, 9}, {10, 0, 0, 2, 9, 12, 9}},
	{0, {0x11, 0x59, 0x59, 2, 9, 9, 9}, {0x92, 0, 0, 2, 9, 9, 9}},
	{0, {0x91, 0x59, 0x59, 2, 9, 9, 9}, {0x12, 0, 0, 3, 0x10, 9, 9}},
	{0, {0x92, 0x59, 0x59, 2, 9, 9, 9}, {0x81, 0, 0, 2, 9, 9, 9}},
	{0, {0x12, 0x59, 0x59, 2, 9, 9, 9}, {0x01, 0, 0, 2, 9, 9, 9}},
	{0, {0x89, 0x59, 0x59, 2, 9, 9, 9}, {0x90, 0, 0, 2, 9, 9, 9}},
	{BINARY, {0x8b, 59, 59, 2, 9, 9, 9}, {12, 0, 0, 3, 10, 9, 9}},
};

START_TEST(each_field_turns_over_in_its_format)
{
	const struct turn *turn = &turns[_i];

	cmos_set(turn->before, turn->b);
	cmos_expect(turn->before);
	seen.now += CLOCK_HZ;
	cmos_expect(turn->after);
}
END_TEST

START_TEST(an_update_announces_itself)
{
	const uint64_t warning = (uint64_t)CLOCK_HZ * (244 + 1984) / 1000000;

	seen.now += CLOCK_HZ - warning - 2;
	ck_assert_uint_eq(cmos(A), 0x26);
	seen.now += 3;
	ck_assert_uint_eq(cmos(A), 0xa6);
	cmos_put(B, SET | HOURS_24); /* the guest holds it */
	ck_assert_uint_eq(cmos(A), 0x26);
	seen.now += CLOCK_HZ;
	ck_assert_uint_eq(cmos(SECONDS), 0);
	cmos_put(B, HOURS_24);
	seen.now += CLOCK_HZ;
	ck_assert_uint_eq(cmos(SECONDS), 1);
	seen.now += warning;
	ck_assert_uint_eq(cmos(SECONDS), 2);
	ck_assert_uint_eq(cmos(A), 0x26);
}
END_TEST

START_TEST(the_divider_holds_the_clock)
{
	cmos_put(A, 0x76);
	seen.now += 10 * (uint64_t)CLOCK_HZ;
	ck_assert_uint_eq(cmos(SECONDS), 0);
	ck_assert_uint_eq(devices_deadline(vm), vm->devices.pit.next_edge);
	cmos_put(A, 0x26);
	seen.now += CLOCK_HZ / 2 - 1;
	ck_assert_uint_eq(cmos(SECONDS), 0);
	seen.now++;
	ck_assert_uint_eq(cmos(SECONDS), 1);
}
END_TEST

/* Advances to the next deadline of the clock alone, `count` times, reading C each time. */
static void cmos_run(unsigned count, uint8_t flags)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned edges = seen.edges[IRQ_RTC];
		uint64_t deadline = vm->devices.cmos.deadline;
		ck_assert_uint_ne(deadline, CLOCK_NEVER);
		seen.now = deadline - 1;
		devices_advance(vm, seen.now);
		ck_assert_uint_eq(seen.edges[IRQ_RTC], edges);
		seen.now = deadline;
		devices_advance(vm, seen.now);
		ck_assert_uint_eq(seen.edges[IRQ_RTC], edges + 1);
		ck_assert_uint_eq(vm->devices.cmos.deadline, CLOCK_NEVER);
		uint8_t c = cmos(C);
		ck_assert_msg((c & (flags | 0x80)) == (flags | 0x80), "C is %x", c);
		ck_assert(!seen.line[IRQ_RTC]);
	}
}

START_TEST(the_last_period_ends_with_the_second)
{
	uint64_t end = seen.now + CLOCK_HZ;

	seen.now = end - 1;
	cmos_put(A, 0x20 | (uint8_t)_i);
	cmos_put(B, PIE | HOURS_24);
	cmos(C);
	ck_assert_uint_eq(vm->devices.cmos.deadline, end);
}
END_TEST

/* Rates 1 and 2 are those of 8 and 9. */
START_TEST(periodic_interrupts_divide_the_second)
{
	unsigned frequency = _i <= 2 ? 512u >> _i : 65536u >> _i;
	uint64_t start = seen.now;

	cmos_put(A, 0x20 | (uint8_t)_i);
	cmos_put(B, PIE | HOURS_24);
	cmos(C);
	cmos_run(3 * frequency, PIE);
	ck_assert_uint_eq(seen.now, start + 3 * (uint64_t)CLOCK_HZ);
	ck_assert_uint_eq(cmos(SECONDS), 3);
}
END_TEST

START_TEST(updates_and_alarms_interrupt)
{
	cmos_put(B, UIE | HOURS_24);
	cmos_run(3, UIE);
	ck_assert_uint_eq(cmos(SECONDS), 3);
	cmos_put(B, AIE | HOURS_24);
	cmos_put(1, 0x10);
	cmos_put(3, 0xff);
	cmos_put(5, 0xc0);
	cmos(C);
	for (unsigned second = 4; second < 10; second++) {
		seen.now = vm->devices.cmos.deadline;
		devices_advance(vm, seen.now);
		ck_assert(!seen.line[IRQ_RTC]);
	}
	seen.now = vm->devices.cmos.deadline;
	devices_advance(vm, seen.now);
	ck_assert(seen.line[IRQ_RTC]);
	ck_assert_uint_eq(cmos(C) & 0xb0, 0xb0);
	ck_assert_uint_eq(cmos(C), 0);
	ck_assert_uint_eq(cmos(SECONDS), 0x10);
	cmos_put(B, AIE | UIE | SET | HOURS_24); /* SET takes UIE back and stops the rest */
	ck_assert_uint_eq(cmos(B), AIE | SET | HOURS_24);
	ck_assert_uint_eq(vm->devices.cmos.deadline, CLOCK_NEVER);
}
END_TEST

START_TEST(a_flag_that_is_set_interrupts_when_it_is_enabled)
{
	seen.now += CLOCK_HZ;
	devices_advance(vm, seen.now);
	ck_assert_uint_eq(seen.edges[IRQ_RTC], 0);
	cmos_put(B, UIE | HOURS_24);
	ck_assert(seen.line[IRQ_RTC]);
	cmos_put(B, HOURS_24);
	ck_assert(!seen.line[IRQ_RTC]);
}
END_TEST

START_TEST(memory_is_as_a_bios_leaves_it)
{
	unsigned sum = 0;

	ck_assert_uint_eq(cmos(0x15) | cmos(0x16) << 8, 640);
	ck_assert_uint_eq(cmos(0x17) | cmos(0x18) << 8, 31 * 1024);
	ck_assert_uint_eq(cmos(0x30) | cmos(0x31) << 8, 31 * 1024);
	ck_assert_uint_eq(cmos(0x34) | cmos(0x35) << 8, 16 * 16);
	for (uint8_t i = 0x10; i <= 0x2d; i++)
		sum += cmos(i);
	ck_assert_uint_eq(cmos(0x2e) << 8 | cmos(0x2f), sum);
	ck_assert_uint_eq(cmos(D), 0x80);
	cmos_put(C, 0xff);
	cmos_put(D, 0);
	ck_assert_uint_eq(cmos(D), 0x80);
	ck_assert_uint_eq(cmos(C), 0);
	cmos_put(0x7f, 0x5a);
	cmos_put(0x80 | 0x7e, 0xa5); /* bit 7 masks NMI, and addresses nothing */
	ck_assert_uint_eq(cmos(0x7f), 0x5a);
	ck_assert_uint_eq(cmos(0x7e), 0xa5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("clock");
	TCase *tests = tcase_create("clock");

	tcase_add_checked_fixture(tests, devices_make, devices_free);
	tcase_add_test(tests, time_begins_with_the_machines_own);
	tcase_add_loop_test(
		tests, each_field_turns_over_in_its_format, 0, (int)ARRAY_LENGTH(turns));
	tcase_add_test(tests, an_update_announces_itself);
	tcase_add_test(tests, the_divider_holds_the_clock);
	tcase_add_loop_test(tests, periodic_interrupts_divide_the_second, 1, 16);
	tcase_add_loop_test(tests, the_last_period_ends_with_the_second, 1, 16);
	tcase_add_test(tests, updates_and_alarms_interrupt);
	tcase_add_test(tests, a_flag_that_is_set_interrupts_when_it_is_enabled);
	tcase_add_test(tests, memory_is_as_a_bios_leaves_it);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
