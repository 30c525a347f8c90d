/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's clock (Motorola MC146818A data sheet: "Address Map", "Time, Calendar, and Alarm
 * Locations", "Interrupts", "Update Cycle").
 *
 * Time stands in the registers themselves, in the guest's own format, and is stepped there once a
 * second, as the chip does it. An update is complete at the end of its second. The flag that
 * announces it is set for as long as the real one takes before that.
 *
 * Daylight saving and the square wave, which a PC does not use, are bits that are kept.
 */
#include "machine.h"
#include "vm.h"

#define IRQ_CLOCK 8

enum cmos_register {
	SECONDS,
	SECONDS_ALARM,
	MINUTES,
	MINUTES_ALARM,
	HOURS,
	HOURS_ALARM,
	WEEKDAY,
	DAY,
	MONTH,
	YEAR,
	REGISTER_A,
	REGISTER_B,
	REGISTER_C,
	REGISTER_D,
	/* memory, by what a PC's BIOS keeps there */
	FLOPPIES = 0x10,
	EQUIPMENT = 0x14,
	BASE_MEMORY = 0x15,     /* KiB, low byte first */
	EXTENDED_MEMORY = 0x17, /* KiB above 1 MiB */
	CHECKSUM = 0x2e,        /* of 10h to 2Dh, high byte first */
	EXTENDED_MEMORY_2 = 0x30,
	CENTURY = 0x32,     /* BCD */
	HIGH_MEMORY = 0x34, /* 64 KiB above 16 MiB */
};

#define ADDRESS_MASK 0x7f

/* Register A. */
#define UPDATE_IN_PROGRESS 0x80
#define DIVIDER            0x70
#define DIVIDER_RUNS       0x20 /* for a crystal of 32768 Hz */
#define RATE               0x0f
#define RATE_1024_HZ       0x06

/* Register B. */
#define SET          0x80
#define PERIODIC     0x40 /* the same bits enable interrupts in B and are their flags in C */
#define ALARM        0x20
#define UPDATE_ENDED 0x10
#define BINARY       0x04
#define HOURS_24     0x02
#define INTERRUPTS   (PERIODIC | ALARM | UPDATE_ENDED)

#define INTERRUPT_REQUEST 0x80 /* register C */
#define VALID             0x80 /* register D */
#define AFTERNOON         0x80 /* of the hours, where they are 12 */
#define ANY               0xc0 /* of an alarm: every value matches */

#define UPDATE_CLOCKS 2658 /* 244 us of warning and 1984 us of update */

/* ---- interrupts ---- */

static bool cmos_runs(const struct cmos *cmos)
{
	return (cmos->memory[REGISTER_A] & DIVIDER) == DIVIDER_RUNS;
}

/* When an interrupt of its comes by itself, or CLOCK_NEVER. */
static uint64_t next_interrupt(const struct cmos *cmos)
{
	uint8_t enabled = cmos->memory[REGISTER_B];
	uint64_t deadline = CLOCK_NEVER;

	if (!cmos_runs(cmos) || cmos->memory[REGISTER_C] & INTERRUPT_REQUEST)
		return CLOCK_NEVER; /* the line is high until the guest has read register C */
	if (enabled & (ALARM | UPDATE_ENDED) && !(enabled & SET))
		deadline = cmos->second + CLOCK_HZ;
	if (enabled & PERIODIC && cmos->period < deadline)
		deadline = cmos->period;
	return deadline;
}

/* After every change: the interrupt line, and when it will change next. */
static void cmos_update_line(struct vm *vm)
{
	struct cmos *cmos = &vm->devices.cmos;
	uint8_t *memory = cmos->memory;
	bool was_high = memory[REGISTER_C] & INTERRUPT_REQUEST;
	bool high = memory[REGISTER_C] & memory[REGISTER_B] & INTERRUPTS;

	if (high != was_high) {
		memory[REGISTER_C] ^= INTERRUPT_REQUEST;
		vm_irq(vm, IRQ_CLOCK, high);
	}
	cmos->deadline = next_interrupt(cmos);
}

/* ---- time of day ---- */

static unsigned from_format(const struct cmos *cmos, uint8_t value)
{
	return cmos->memory[REGISTER_B] & BINARY ? value : (value >> 4) * 10u + (value & 15);
}

static uint8_t to_format(const struct cmos *cmos, unsigned value)
{
	return (uint8_t)(cmos->memory[REGISTER_B] & BINARY ? value : value / 10 << 4 | value % 10);
}

/* One more. True where it passed `last` and began at `first` again. */
static bool cmos_step(struct cmos *cmos, enum cmos_register which, unsigned first, unsigned last)
{
	unsigned value = from_format(cmos, cmos->memory[which]) + 1;

	cmos->memory[which] = to_format(cmos, value > last ? first : value);
	return value > last;
}

/* The same for hours, which may have two halves. */
static bool cmos_step_hours(struct cmos *cmos)
{
	uint8_t *hours = &cmos->memory[HOURS];

	if (cmos->memory[REGISTER_B] & HOURS_24)
		return cmos_step(cmos, HOURS, 0, 23);
	uint8_t half = *hours & AFTERNOON;
	*hours &= (uint8_t)~AFTERNOON;
	cmos_step(cmos, HOURS, 1, 12);
	if (from_format(cmos, *hours) == 12)
		half ^= AFTERNOON; /* noon and midnight: 11 becomes 12 of the other half */
	bool midnight = from_format(cmos, *hours) == 12 && !half;
	*hours |= half;
	return midnight;
}

static unsigned cmos_days(const struct cmos *cmos)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	unsigned month = from_format(cmos, cmos->memory[MONTH]);

	if (month == 2 && from_format(cmos, cmos->memory[YEAR]) % 4 == 0)
		return 29;
	return month >= 1 && month <= 12 ? days[month - 1] : 31;
}

static void cmos_step_time(struct cmos *cmos)
{
	if (!cmos_step(cmos, SECONDS, 0, 59) || !cmos_step(cmos, MINUTES, 0, 59) ||
		!cmos_step_hours(cmos))
		return;
	cmos_step(cmos, WEEKDAY, 1, 7);
	if (cmos_step(cmos, DAY, 1, cmos_days(cmos)) && cmos_step(cmos, MONTH, 1, 12))
		cmos_step(cmos, YEAR, 0, 99);
}

static bool cmos_alarm_matches(const struct cmos *cmos)
{
	for (unsigned i = SECONDS; i <= HOURS; i += 2) {
		uint8_t alarm = cmos->memory[i + 1];
		if ((alarm & ANY) != ANY && alarm != cmos->memory[i])
			return false;
	}
	return true;
}

/* ---- machine time ---- */

/* Periodic events divide each second into a power of two. When the next one comes after `now`,
 * which is in the running second. */
static uint64_t cmos_next_period(const struct cmos *cmos, uint64_t now)
{
	unsigned rate = cmos->memory[REGISTER_A] & RATE;

	if (rate == 0 || !cmos_runs(cmos))
		return CLOCK_NEVER;
	unsigned shift = rate <= 2 ? 9 - rate : 16 - rate; /* 1 << shift of them in a second */
	uint32_t elapsed = (uint32_t)(now - cmos->second);
	/* a guess that is at most one too high, in 32 bits */
	uint32_t number = (elapsed / 4 << shift) / (CLOCK_HZ / 4);
	if (number)
		number--;
	uint64_t next;
	do
		next = cmos->second + ((uint64_t)++number * CLOCK_HZ >> shift);
	while (next <= now);
	return next;
}

/* A second has ended. */
static void cmos_end_second(struct cmos *cmos)
{
	cmos->second += CLOCK_HZ;
	if (cmos->memory[REGISTER_B] & SET)
		return;
	cmos_step_time(cmos);
	cmos->memory[REGISTER_C] |= UPDATE_ENDED;
	if (cmos_alarm_matches(cmos))
		cmos->memory[REGISTER_C] |= ALARM;
}

void cmos_advance(struct vm *vm, uint64_t now)
{
	struct cmos *cmos = &vm->devices.cmos;

	if (!cmos_runs(cmos))
		return;
	while (now - cmos->second >= CLOCK_HZ)
		cmos_end_second(cmos);
	if (now >= cmos->period) {
		cmos->memory[REGISTER_C] |= PERIODIC;
		cmos->period = cmos_next_period(cmos, now);
	}
	cmos_update_line(vm);
}

/* ---- ports ---- */

static uint32_t cmos_read(struct vm *vm, uint16_t port, unsigned size)
{
	struct cmos *cmos = &vm->devices.cmos;
	uint8_t address = cmos->address & ADDRESS_MASK;
	uint64_t now = clock_now();

	(void)size;
	if (port == CMOS_PORT)
		return 0xff; /* it cannot be read */
	cmos_advance(vm, now);
	uint8_t value = cmos->memory[address];
	if (address == REGISTER_A && cmos_runs(cmos) && !(cmos->memory[REGISTER_B] & SET) &&
		now - cmos->second >= CLOCK_HZ - UPDATE_CLOCKS)
		value |= UPDATE_IN_PROGRESS;
	if (address == REGISTER_C) {
		cmos->memory[REGISTER_C] &= INTERRUPT_REQUEST; /* reading takes the flags back */
		cmos_update_line(vm);
		vm_deadline_changed(vm);
	}
	return value;
}

static void cmos_write_a(struct cmos *cmos, uint8_t value, uint64_t now)
{
	bool ran = cmos_runs(cmos);

	cmos->memory[REGISTER_A] = value & (uint8_t)~UPDATE_IN_PROGRESS;
	if (!ran) /* the first update comes half a second after the divider's reset */
		cmos->second = now - CLOCK_HZ / 2;
	cmos->period = cmos_next_period(cmos, now);
}

static void cmos_write(struct vm *vm, uint16_t port, unsigned size, uint32_t value)
{
	struct cmos *cmos = &vm->devices.cmos;
	uint8_t address = cmos->address & ADDRESS_MASK;
	uint64_t now = clock_now();

	(void)size;
	if (port == CMOS_PORT) {
		cmos->address = (uint8_t)value;
		return;
	}
	cmos_advance(vm, now);
	switch (address) {
	case REGISTER_A:
		cmos_write_a(cmos, (uint8_t)value, now);
		break;
	case REGISTER_B:
		if (value & SET)
			value &= ~(uint32_t)UPDATE_ENDED;
		cmos->memory[REGISTER_B] = (uint8_t)value;
		break;
	case REGISTER_C:
	case REGISTER_D:
		return;
	default:
		cmos->memory[address] = (uint8_t)value;
		return;
	}
	cmos_update_line(vm);
	vm_deadline_changed(vm);
}

/* ---- what the BIOS leaves ---- */

static void cmos_put_word(struct cmos *cmos, unsigned address, uint32_t value)
{
	if (value > 0xffff)
		value = 0xffff;
	cmos->memory[address] = (uint8_t)value;
	cmos->memory[address + 1] = (uint8_t)(value >> 8);
}

static void cmos_fill_memory(struct cmos *cmos, uint32_t memory_size)
{
	static const uint32_t mebibyte = 1u << 20;
	uint16_t sum = 0;

	cmos->memory[EQUIPMENT] = 0x06; /* a keyboard, a coprocessor, a VGA, no floppy */
	cmos_put_word(cmos, BASE_MEMORY, 640);
	cmos_put_word(cmos, EXTENDED_MEMORY, (memory_size - mebibyte) / 1024);
	cmos_put_word(cmos, EXTENDED_MEMORY_2, (memory_size - mebibyte) / 1024);
	if (memory_size > 16 * mebibyte)
		cmos_put_word(cmos, HIGH_MEMORY, (memory_size - 16 * mebibyte) / 65536);
	for (unsigned i = FLOPPIES; i < CHECKSUM; i++)
		sum += cmos->memory[i];
	cmos->memory[CHECKSUM] = (uint8_t)(sum >> 8);
	cmos->memory[CHECKSUM + 1] = (uint8_t)sum;
}

/* The time is the machine's own, in its own format. */
static void cmos_copy_time(struct cmos *cmos)
{
	rtc_wait();
	for (unsigned i = SECONDS; i <= YEAR; i++)
		cmos->memory[i] = rtc_read((uint8_t)i);
	cmos->memory[REGISTER_B] = rtc_read(REGISTER_B) & (BINARY | HOURS_24);
	cmos->memory[CENTURY] = rtc_read(CENTURY);
}

void cmos_attach(struct vm *vm, uint64_t now)
{
	struct cmos *cmos = &vm->devices.cmos;

	*cmos = (struct cmos){.second = now};
	cmos_copy_time(cmos);
	cmos_fill_memory(cmos, vm->memory_size);
	cmos->memory[REGISTER_A] = DIVIDER_RUNS | RATE_1024_HZ;
	cmos->memory[REGISTER_D] = VALID;
	cmos->period = cmos_next_period(cmos, now);
	cmos->deadline = next_interrupt(cmos);
	bus_attach(&vm->bus, (struct bus_range){.first = CMOS_PORT,
				     .last = CMOS_PORT + 1,
				     .read = cmos_read,
				     .write = cmos_write});
}
