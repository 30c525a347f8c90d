/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device models beside the real devices: the same script of port accesses, at the same times,
 * done by a bare machine under Bochs and by the models; what was read must agree.
 *
 * Where a script leaves something out, Bochs is not the data sheet: its transmitter takes the time
 * of the baud rate (ours none), and its keyboard's bytes a while: scripts wait there. Its received
 * data interrupt stays until the FIFO is empty, not until it is below its level. Its keyboard's
 * answer to F0h 00h is not translated. Setting its clock may set it an hour off, by a word of
 * memory that it never wrote: hours and dates are left out.
 */
#include "devices_fixture.h"

#include "bare_script.h"

#define STEPS_MAX 128

/* Bochs's clock began its first second at power-on; an update takes 244 us. */
#define UPDATE_TICKS (244 * (BOCHS_TICKS_PER_SECOND / 1000000))

enum what { END, WRITE, READ, COUNT, WAIT };

struct step {
	enum what what;
	uint16_t port; /* of WAIT: how many times 1024 instructions */
	uint8_t value; /* of WRITE; of READ: the bits that do not matter; of COUNT: how far off */
};

#define W(port, value)                                                                             \
	{                                                                                          \
		WRITE, (port), (value)                                                             \
	}
#define R(port)                                                                                    \
	{                                                                                          \
		READ, (port), 0                                                                    \
	}
#define R_BUT(port, but)                                                                           \
	{                                                                                          \
		READ, (port), (but)                                                                \
	}
#define C(port, off)                                                                               \
	{                                                                                          \
		COUNT, (port), (off)                                                               \
	}
#define PAUSE(times)                                                                               \
	{                                                                                          \
		WAIT, (times), 0                                                                   \
	}

struct answer {
	uint16_t value;
	uint16_t unused;
	uint32_t ticks;
};

static void bare_prepare(void)
{
	script_assemble("devices_script");
}

static void bare_run(const struct step *steps, unsigned count, struct answer *answers)
{
	uint8_t script[4 * STEPS_MAX + 4] = {0};

	ck_assert_uint_le(count, STEPS_MAX);
	for (unsigned i = 0; i < count; i++) {
		script[4 * i] = (uint8_t)steps[i].what;
		script[4 * i + 1] = steps[i].value;
		memcpy(&script[4 * i + 2], &steps[i].port, 2);
	}
	bochs_free(
		script_run(NULL, script, sizeof(script), answers, (count + 1) * sizeof(*answers)));
}

/* The requests that the 8259 would show are the lines' levels. */
static uint8_t model_in(uint16_t port)
{
	uint8_t lines = 0;

	if (port != 0x20 && port != 0xa0)
		return in(port);
	for (unsigned i = 0; i < 8; i++)
		lines |= (uint8_t)(seen.line[i + (port == 0xa0 ? 8 : 0)] << i);
	return lines;
}

/* The model at the times of the bare machine: 50 million ticks are a second. */
static void model_run(
	const struct step *steps, unsigned count, const struct answer *bare, struct answer *answers)
{
	uint64_t start = seen.now;
	uint32_t phase = (bare[0].ticks - UPDATE_TICKS) % BOCHS_TICKS_PER_SECOND;

	vm->devices.cmos.second = start - (uint64_t)phase * CLOCK_HZ / BOCHS_TICKS_PER_SECOND;
	for (unsigned i = 0; i < count; i++) {
		uint64_t ticks = bare[i].ticks - bare[0].ticks;
		seen.now = start + ticks * CLOCK_HZ / BOCHS_TICKS_PER_SECOND;
		devices_advance(vm, seen.now);
		if (steps[i].what == WRITE && steps[i].port != 0x20 && steps[i].port != 0xa0)
			out(steps[i].port, steps[i].value);
		if (steps[i].what == READ || steps[i].what == COUNT)
			answers[i].value = model_in(steps[i].port);
		if (steps[i].what == COUNT)
			answers[i].value |= (uint16_t)(in(steps[i].port) << 8);
	}
}

static void agree(const struct step *steps, unsigned count)
{
	struct answer bare[STEPS_MAX + 1], model[STEPS_MAX + 1] = {0};

	bare_run(steps, count, bare);
	model_run(steps, count, bare, model);
	for (unsigned i = 0; i < count; i++) {
		uint16_t but = steps[i].what == READ ? steps[i].value : 0;
		int off = (int16_t)(bare[i].value - model[i].value);
		if (steps[i].what == READ)
			ck_assert_msg((bare[i].value & ~but) == (model[i].value & ~but),
				"step %u: port %x reads %x on the bare machine, %x here", i,
				steps[i].port, bare[i].value, model[i].value);
		if (steps[i].what == COUNT)
			ck_assert_msg(abs(off) <= steps[i].value,
				"step %u: port %x counts %x on the bare machine, %x here", i,
				steps[i].port, bare[i].value, model[i].value);
	}
}
#define AGREE(steps) agree(steps, ARRAY_LENGTH(steps))

START_TEST(the_timer_counts_alike)
{
	static const struct step steps[] = {
		W(0x20, 0x0a), /* the 8259's requests are read from here on */
		/* mode 2, latched */
		W(0x43, 0x34), W(0x40, 0x34), W(0x40, 0x12), PAUSE(20), W(0x43, 0x00), C(0x40, 5),
		PAUSE(300), W(0x43, 0x00), C(0x40, 5),
		/* read-back: status, then count */
		W(0x43, 0xc2), R(0x40), C(0x40, 5),
		/* mode 3 counts by two */
		W(0x43, 0x36), W(0x40, 0x00), W(0x40, 0x40), PAUSE(30), W(0x43, 0x00), C(0x40, 10),
		PAUSE(400), W(0x43, 0xe2), R(0x40), W(0x43, 0x00), C(0x40, 10),
		/* mode 0: the request is there when the count is over */
		W(0x43, 0x30), W(0x43, 0xe2), R(0x40), R_BUT(0x20, 0xfe), W(0x40, 0x00),
		W(0x40, 0x01), PAUSE(8), R_BUT(0x20, 0xfe), W(0x43, 0xe2), R(0x40), PAUSE(4),
		R_BUT(0x20, 0xfe), W(0x43, 0xe2), R(0x40), C(0x40, 5),
		/* BCD, one byte, mode 4 */
		W(0x43, 0x18), W(0x40, 200), PAUSE(2), W(0x43, 0xe2), R(0x40), W(0x43, 0x35),
		W(0x40, 0x00), W(0x40, 0x00), W(0x43, 0xe2), R_BUT(0x40, 0x40)};

	AGREE(steps);
}
END_TEST

START_TEST(the_speakers_counter_has_a_gate)
{
	static const struct step steps[] = {W(0x61, 0x00), W(0x43, 0xb0), W(0x42, 0xff),
		W(0x42, 0x0f), R_BUT(0x61, 0x10), PAUSE(20), W(0x43, 0x80), C(0x42, 1),
		W(0x61, 0x01), PAUSE(20), W(0x43, 0x80), C(0x42, 5), R_BUT(0x61, 0x10), PAUSE(160),
		R_BUT(0x61, 0x10),
		/* a one-shot is started by it */
		W(0x61, 0x00), W(0x43, 0xb2), W(0x42, 0x00), W(0x42, 0x04), PAUSE(2),
		R_BUT(0x61, 0x10), W(0x61, 0x01), PAUSE(1), R_BUT(0x61, 0x10), PAUSE(50),
		R_BUT(0x61, 0x10),
		/* a square wave is stopped by it */
		W(0x61, 0x00), W(0x43, 0xb6), W(0x42, 0x00), W(0x42, 0x08), PAUSE(40),
		R_BUT(0x61, 0x10), W(0x61, 0x01), PAUSE(20), R_BUT(0x61, 0x10), PAUSE(44),
		R_BUT(0x61, 0x10)};

	AGREE(steps);
}
END_TEST

/* PAUSE(8) is long enough for a byte at 115200 baud. */
START_TEST(the_serial_port_answers_alike)
{
	static const struct step steps[] = {W(0x20, 0x0a), W(0x3fb, 0x83), W(0x3f8, 1), W(0x3f9, 0),
		R(0x3f8), R(0x3f9), W(0x3fb, 0x03), R(0x3fb), W(0x3ff, 0xa5), R(0x3ff),
		W(0x3f9, 0xff), R(0x3f9), W(0x3f9, 0x00), W(0x3fc, 0xff), R_BUT(0x3fc, 0x20),
		W(0x3fc, 0x00), R(0x3fd), R(0x3fa),
		/* the FIFO's bits */
		W(0x3fa, 0xc7), R(0x3fa), W(0x3fa, 0x00), R(0x3fa),
		/* the transmitter's interrupt */
		W(0x3fc, 0x0b), W(0x3f9, 0x02), R_BUT(0x20, 0xef), R(0x3fa), R_BUT(0x20, 0xef),
		R(0x3fa), W(0x3f8, 'x'), PAUSE(8), R_BUT(0x20, 0xef), R(0x3fa), R(0x3fa),
		W(0x3f9, 0x00),
		/* loopback: data, overrun, the modem's lines */
		W(0x3fc, 0x1b), R_BUT(0x3fe, 0x0f), R(0x3fe), W(0x3fc, 0x18), R(0x3fe), R(0x3fe),
		W(0x3f9, 0x01), W(0x3f8, 'a'), PAUSE(8), R(0x3fd), R(0x3fa), R_BUT(0x20, 0xef),
		R(0x3f8), R_BUT(0x20, 0xef), R(0x3fd), R(0x3fa), W(0x3f8, 'b'), PAUSE(8),
		W(0x3f8, 'c'), PAUSE(8), R(0x3fd), R(0x3fd), R(0x3f8), R(0x3fd),
		/* four bytes in the FIFO, then the timeout of one that is left */
		W(0x3fa, 0x47), W(0x3f8, 1), PAUSE(8), R(0x3fa), W(0x3f8, 2), W(0x3f8, 3),
		W(0x3f8, 4), PAUSE(24), R(0x3fa), R_BUT(0x20, 0xef), R(0x3f8), R(0x3f8), R(0x3f8),
		R(0x3f8), W(0x3f8, 5), PAUSE(60), R(0x3fa), R(0x3f8), R(0x3fa), R(0x3fd)};

	AGREE(steps);
}
END_TEST

/* The BIOS leaves the system flag off in Bochs: the scripts set it first. PAUSE(100) is 2 ms. */
START_TEST(the_keyboard_and_its_controller_answer_alike)
{
	static const struct step steps[] = {W(0x20, 0x0a), W(0x64, 0x60), W(0x60, 0x65),
		W(0x64, 0x20), PAUSE(100), R(0x64), R(0x60), R(0x64), W(0x64, 0xaa), PAUSE(100),
		R(0x64), R_BUT(0x20, 0xfd), R(0x60), R_BUT(0x20, 0xfd), W(0x64, 0xab), PAUSE(100),
		R(0x60), W(0x64, 0xc0), PAUSE(100), R(0x60), W(0x64, 0xd2), W(0x60, 0x42),
		PAUSE(100), R(0x64), R(0x60),
		/* the keyboard */
		W(0x60, 0xf2), PAUSE(200), R(0x64), R(0x60), PAUSE(200), R(0x60), PAUSE(200),
		R(0x60), PAUSE(200), R(0x64), W(0x60, 0xee), PAUSE(200), R(0x60), W(0x60, 0xed),
		PAUSE(200), R(0x60), W(0x60, 0x02), PAUSE(200), R(0x60), W(0x60, 0xf0), PAUSE(200),
		R(0x60), W(0x60, 0x00), PAUSE(200), R(0x60), PAUSE(200), R_BUT(0x60, 0xff),
		W(0x60, 0xf5), PAUSE(200), R(0x60), W(0x60, 0xf4), PAUSE(200), R(0x60),
		W(0x60, 0xff), PAUSE(200), R(0x60), PAUSE(20000), R(0x60),
		/* A20, both ways */
		R(0x92), W(0x64, 0xd0), PAUSE(100), R_BUT(0x60, 0xfc), W(0x92, 0x00), R(0x92),
		W(0x64, 0xd0), PAUSE(100), R_BUT(0x60, 0xfc), W(0x64, 0xd1), W(0x60, 0x03),
		R(0x92)};

	AGREE(steps);
}
END_TEST

#define CMOS_R(address)          W(0x70, address), R(0x71)
#define CMOS_R_BUT(address, but) W(0x70, address), R_BUT(0x71, but)
#define CMOS_W(address, value)   W(0x70, address), W(0x71, value)

/* PAUSE(48900) is a little more than a second. */
START_TEST(the_clock_goes_alike)
{
	static const struct step steps[] = {W(0xa0, 0x0a), CMOS_R(0x0a), CMOS_R(0x0b), CMOS_R(0x0d),
		CMOS_R(0x32), CMOS_R(0x15), CMOS_R(0x16), CMOS_R(0x17), CMOS_R(0x18), CMOS_R(0x30),
		CMOS_R(0x34), CMOS_R(0x35),
		/* the last two seconds of an hour */
		CMOS_W(0x0b, 0x82), CMOS_W(0, 0x58), CMOS_W(2, 0x59), CMOS_W(1, 0x00),
		CMOS_W(3, 0xff), CMOS_W(5, 0xff), CMOS_W(0x0a, 0x26), CMOS_W(0x0b, 0x32),
		CMOS_R_BUT(0x0c, 0xff), R_BUT(0xa0, 0xfe), PAUSE(48900), CMOS_R(0),
		R_BUT(0xa0, 0xfe), CMOS_R_BUT(0x0c, 0x40), R_BUT(0xa0, 0xfe), PAUSE(48900),
		CMOS_R(0), CMOS_R(2), CMOS_R_BUT(0x0c, 0x40), CMOS_R(0x0c),
		/* periodic */
		CMOS_W(0x0b, 0x42), PAUSE(200), R_BUT(0xa0, 0xfe), CMOS_R_BUT(0x0c, 0x00),
		R_BUT(0xa0, 0xfe), CMOS_W(0x0b, 0x02)};

	AGREE(steps);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("devices, beside the bare machine's");
	TCase *tests = tcase_create("bare");

	tcase_add_unchecked_fixture(tests, bare_prepare, script_remove); /* also after a failure */
	tcase_add_checked_fixture(tests, devices_make, devices_free);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, the_timer_counts_alike);
	tcase_add_test(tests, the_speakers_counter_has_a_gate);
	tcase_add_test(tests, the_serial_port_answers_alike);
	tcase_add_test(tests, the_keyboard_and_its_controller_answer_alike);
	tcase_add_test(tests, the_clock_goes_alike);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
