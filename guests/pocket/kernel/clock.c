/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Motorola MC146818 clock, which every PC has behind ports 70h and 71h.
 *
 * Its registers change under the reader once a second. So they are read until two readings in
 * which no update was under way agree.
 */
#include "clock.h"

#include "console.h"
#include "cpu.h"
#include "string.h"
#include "timer.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA  0x71

#define STATUS_A     0x0a
#define A_UPDATING   0x80
#define STATUS_B     0x0b
#define B_24_HOURS   0x02
#define B_BINARY     0x04
#define HOURS_PM     0x80 /* with 12 hours */
#define READINGS_MAX 100000u
#define CENTURY      2000u /* the chip knows two digits of the year */

#define SECONDS_PER_DAY 86400u

enum field { SECOND, MINUTE, HOUR, DAY, MONTH, YEAR, FIELDS };

struct moment {
	uint8_t field[FIELDS];
};

static const uint8_t registers[FIELDS] = {0, 2, 4, 7, 8, 9};

static struct moment start;
static uint32_t start_seconds;

static uint8_t cmos_read(uint8_t index)
{
	port_write(CMOS_INDEX, index);
	return port_read(CMOS_DATA);
}

static struct moment moment_read_once(void)
{
	struct moment moment;

	for (unsigned i = 0; i < READINGS_MAX && (cmos_read(STATUS_A) & A_UPDATING); i++)
		;
	for (unsigned i = 0; i < FIELDS; i++)
		moment.field[i] = cmos_read(registers[i]);
	return moment;
}

static struct moment moment_read(void)
{
	struct moment last, moment = moment_read_once();

	for (unsigned i = 0; i < READINGS_MAX; i++) {
		last = moment;
		moment = moment_read_once();
		if (memcmp(&last, &moment, sizeof(moment)) == 0)
			break;
	}
	return moment;
}

static uint8_t from_bcd(uint8_t value)
{
	return (uint8_t)((value >> 4) * 10 + (value & 15));
}

/* From the form that status register B describes to binary and 24 hours. */
static void moment_convert(struct moment *moment)
{
	uint8_t form = cmos_read(STATUS_B);
	bool pm = !(form & B_24_HOURS) && (moment->field[HOUR] & HOURS_PM);

	if (pm)
		moment->field[HOUR] &= (uint8_t)~HOURS_PM;
	for (unsigned i = 0; i < FIELDS && !(form & B_BINARY); i++)
		moment->field[i] = from_bcd(moment->field[i]);
	if (!(form & B_24_HOURS))
		moment->field[HOUR] = (uint8_t)(moment->field[HOUR] % 12 + (pm ? 12 : 0));
}

/* Days from 1970-01-01. With March as its first month a year ends with its leap day, and the days
 * before month m are (153m + 2) / 5. */
static uint32_t days_before(uint32_t year, uint32_t month, uint32_t day)
{
	uint32_t from_march = (month + 9) % 12;
	uint32_t y = month < 3 ? year - 1 : year;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * from_march + 2) / 5 + day - 1 - 719468;
}

void clock_init(void)
{
	start = moment_read();
	moment_convert(&start);
	start_seconds =
		days_before(CENTURY + start.field[YEAR], start.field[MONTH], start.field[DAY]) *
			SECONDS_PER_DAY +
		start.field[HOUR] * 3600u + start.field[MINUTE] * 60u + start.field[SECOND];
}

uint32_t clock_now(void)
{
	return start_seconds + timer_ticks() / TICKS_PER_SECOND;
}

void clock_print(void)
{
	console_printf("clock: %u-%02u-%02u %02u:%02u\n", CENTURY + start.field[YEAR],
		start.field[MONTH], start.field[DAY], start.field[HOUR], start.field[MINUTE]);
}
