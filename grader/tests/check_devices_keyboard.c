/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's keyboard and its controller, as the IBM PC AT Technical Reference has them. */
#include "devices_fixture.h"

enum { IRQ_KEYS = 1, IRQ_AUX = 12 };

static void keys(const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		devices_key(vm, (uint8_t)bytes[i]);
}

/* What can be read, byte by byte, each with its own edge of IRQ 1; then nothing more. */
static void expect(const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t status = in(0x64);
		ck_assert_msg((status & 0x21) == 0x01, "byte %zu: status %x", i, status);
		ck_assert(seen.line[IRQ_KEYS]);
		unsigned edges = seen.edges[IRQ_KEYS];
		uint8_t byte = in(0x60);
		ck_assert_msg(byte == (uint8_t)bytes[i], "byte %zu: %x", i, byte);
		ck_assert_uint_eq(seen.edges[IRQ_KEYS], edges + (i + 1 < count));
	}
	ck_assert_uint_eq(in(0x64) & 0x21, 0);
	ck_assert(!seen.line[IRQ_KEYS]);
}
#define KEYS(text)   keys(text, sizeof(text) - 1)
#define EXPECT(text) expect(text, sizeof(text) - 1)

static void command_byte(uint8_t value)
{
	out(0x64, 0x60);
	out(0x60, value);
}

START_TEST(keys_come_as_the_machines_own_controller_gave_them)
{
	for (unsigned code = 1; code < 0x80; code++) {
		char make_break[] = {(char)code, (char)(code | 0x80)};
		if ((code | 0x80) == 0xe0 || (code | 0x80) == 0xe1)
			continue;
		keys(make_break, 2);
		expect(make_break, 2);
	}
	KEYS("\xe0\x48\xe0\xc8");
	EXPECT("\xe0\x48\xe0\xc8");
	KEYS("\xe1\x1d\x45\xe1\x9d\xc5");
	EXPECT("\xe1\x1d\x45\xe1\x9d\xc5");
	ck_assert_uint_eq(in(0x60), 0xc5); /* the last byte stays */
}
END_TEST

START_TEST(without_translation_keys_are_of_set_2)
{
	command_byte(0x01);
	KEYS("\x1e\x9e\xe0\x48\xe0\xc8\x41\xc1");
	EXPECT("\x1c\xf0\x1c\xe0\x75\xe0\xf0\x75\x83\xf0\x83");
	out(0x60, 0xf0);
	EXPECT("\xfa");
	out(0x60, 0x01);
	EXPECT("\xfa");
	KEYS("\x1e\x9e");
	EXPECT("\x1e\x9e");
	out(0x60, 0xf0);
	out(0x60, 0x00);
	EXPECT("\xfa\xfa\x01");
}
END_TEST

START_TEST(the_keyboard_answers_its_commands)
{
	static const struct {
		uint8_t send[2];
		unsigned sends;
		const char *answers;
		size_t count;
	} talks[] = {
		{{0xee}, 1, "\xee", 1},
		{{0xf2}, 1, "\xfa\xab\x41", 3}, /* 83h, translated */
		{{0xed, 0x07}, 2, "\xfa\xfa", 2},
		{{0xf3, 0x20}, 2, "\xfa\xfa", 2},
		{{0xf0, 0x00}, 2, "\xfa\xfa\x41", 3},
		{{0xf0, 0x03}, 2, "\xfa\xfe", 2},
		{{0xed, 0xf2}, 2, "\xfa\xfa\xab\x41", 4}, /* a command in a parameter's place */
		{{0xf4}, 1, "\xfa", 1},
		{{0xf6}, 1, "\xfa", 1},
		{{0xff}, 1, "\xfa\xaa", 2},
		{{0xfe}, 1, "\xaa", 1},
		{{0x01}, 1, "\xfe", 1},
	};

	for (unsigned i = 0; i < ARRAY_LENGTH(talks); i++) {
		for (unsigned n = 0; n < talks[i].sends; n++)
			out(0x60, talks[i].send[n]);
		expect(talks[i].answers, talks[i].count);
	}
}
END_TEST

START_TEST(a_keyboard_that_is_off_reports_no_keys)
{
	out(0x60, 0xf5);
	EXPECT("\xfa");
	KEYS("\x1e");
	EXPECT("");
	out(0x60, 0xf4);
	EXPECT("\xfa");
	KEYS("\x1e");
	EXPECT("\x1e");
	out(0x64, 0xad); /* the controller holds it back */
	KEYS("\x1f");
	ck_assert_uint_eq(in(0x64) & 0x01, 0);
	out(0x64, 0xae);
	EXPECT("\x1f");
}
END_TEST

START_TEST(answers_go_before_keys)
{
	KEYS("\x1e\x9e");
	out(0x60, 0xee);
	EXPECT("\x1e\xee\x9e");
}
END_TEST

START_TEST(a_key_too_many_leaves_a_mark)
{
	out(0x64, 0xad);
	for (unsigned i = 0; i < 20; i++)
		devices_key(vm, 0x1e);
	out(0x64, 0xae);
	EXPECT("\x1e\x1e\x1e\x1e\x1e\x1e\x1e\x1e\x1e\x1e\x1e\x1e\x1e\x1e\x1e\xff");
}
END_TEST

START_TEST(the_controller_answers_its_commands)
{
	static const uint8_t talks[][2] = {
		{0x20, 0x65}, {0xaa, 0x55}, {0xab, 0x00}, {0xa9, 0x00}, {0xa4, 0xf1}, {0xc0, 0x80}};
	char answer;

	for (unsigned i = 0; i < ARRAY_LENGTH(talks); i++) {
		out(0x64, talks[i][0]);
		ck_assert_uint_eq(in(0x64), 0x1d);
		answer = (char)talks[i][1];
		expect(&answer, 1);
	}
	out(0x64, 0xd2);
	out(0x60, 0x77);
	ck_assert_uint_eq(in(0x64), 0x15);
	EXPECT("\x77");
	out(0x64, 0x65); /* its memory */
	out(0x60, 0x99);
	out(0x64, 0x25);
	EXPECT("\x99");
	out(0x64, 0xd0);
	EXPECT("\x03");
}
END_TEST

START_TEST(the_command_byte_rules_the_interrupt)
{
	command_byte(0x40);
	ck_assert_uint_eq(in(0x64), 0x10); /* the system flag is gone too */
	KEYS("\x1e");
	ck_assert(!seen.line[IRQ_KEYS]);
	command_byte(0x41);
	ck_assert(seen.line[IRQ_KEYS]);
	EXPECT("\x1e");
}
END_TEST

START_TEST(there_is_no_mouse)
{
	command_byte(0x47);
	out(0x64, 0xd4);
	out(0x60, 0xff);
	ck_assert_uint_eq(in(0x64), 0x75); /* full, of the mouse, timed out */
	ck_assert(seen.line[IRQ_AUX] && !seen.line[IRQ_KEYS]);
	ck_assert_uint_eq(in(0x60), 0xfe);
	ck_assert_uint_eq(in(0x64), 0x14);
	ck_assert(!seen.line[IRQ_AUX]);
	out(0x64, 0xd3);
	out(0x60, 0x42);
	ck_assert_uint_eq(in(0x64), 0x35);
	ck_assert_uint_eq(in(0x60), 0x42);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keyboard");
	TCase *tests = tcase_create("keyboard");

	tcase_add_checked_fixture(tests, devices_make, devices_free);
	tcase_add_test(tests, keys_come_as_the_machines_own_controller_gave_them);
	tcase_add_test(tests, without_translation_keys_are_of_set_2);
	tcase_add_test(tests, the_keyboard_answers_its_commands);
	tcase_add_test(tests, a_keyboard_that_is_off_reports_no_keys);
	tcase_add_test(tests, answers_go_before_keys);
	tcase_add_test(tests, a_key_too_many_leaves_a_mark);
	tcase_add_test(tests, the_controller_answers_its_commands);
	tcase_add_test(tests, the_command_byte_rules_the_interrupt);
	tcase_add_test(tests, there_is_no_mouse);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
