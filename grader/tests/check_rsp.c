/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets of GDB's protocol: what is sent arrives, and what is damaged does not.
 *
 * Invariant: the bytes on the line are those that GDB's manual shows (appendix E, "Overview").
 */
#include "rsp.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct rsp near, far;
static int ends[2];

static void line_open(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	rsp_open(&near, ends[0], ends[0]);
	rsp_open(&far, ends[1], ends[1]);
}

static void line_close(void)
{
	close(ends[0]);
	close(ends[1]);
}

static void line_put(const char *bytes, size_t length)
{
	ck_assert_int_eq(write(ends[0], bytes, length), (ssize_t)length);
}

static void ck_assert_line(const char *expected)
{
	char bytes[256] = "";

	ck_assert_int_ge(recv(ends[0], bytes, sizeof(bytes) - 1, MSG_DONTWAIT), 0);
	ck_assert_str_eq(bytes, expected);
}

START_TEST(a_packet_arrives_as_it_was_sent)
{
	static const char bytes[] = "$#}*\003\0+-\xff text";

	ck_assert(rsp_send(&near, bytes, sizeof(bytes)));
	ck_assert_int_eq(rsp_receive(&far), RSP_PACKET);
	ck_assert_uint_eq(far.length, sizeof(bytes));
	ck_assert_mem_eq(far.packet, bytes, sizeof(bytes));
	ck_assert_line("+");
	line_put("$#00$a#61", 9);
	ck_assert_int_eq(rsp_receive(&far), RSP_PACKET);
	ck_assert_uint_eq(far.length, 0);
	ck_assert_int_eq(rsp_receive(&far), RSP_PACKET);
	ck_assert_str_eq(far.packet, "a");
}
END_TEST

START_TEST(a_damaged_packet_is_asked_for_again)
{
	line_put("$g#00$g#6x", 10);
	ck_assert_int_eq(rsp_poll(&far), RSP_NOTHING);
	ck_assert_line("--");
	ck_assert(rsp_send(&far, "hello", 5));
	ck_assert_line("$hello#14");
	line_put("-", 1);
	ck_assert_int_eq(rsp_poll(&far), RSP_NOTHING);
	ck_assert_line("$hello#14");
	/* on a channel that loses nothing there is no answer */
	far.no_acks = true;
	line_put("$g#00-", 6);
	ck_assert_int_eq(rsp_poll(&far), RSP_NOTHING);
	line_put("$g#67", 5);
	ck_assert_int_eq(rsp_poll(&far), RSP_PACKET);
	ck_assert_int_eq(recv(ends[0], &(char){0}, 1, MSG_DONTWAIT), -1);
}
END_TEST

START_TEST(what_is_no_packet_is_dropped)
{
	line_put("garbage\xff\n$trunca$g#67", 21);
	ck_assert_int_eq(rsp_receive(&far), RSP_PACKET);
	ck_assert_str_eq(far.packet, "g");
	line_put("+\003$m", 4);
	ck_assert_int_eq(rsp_receive(&far), RSP_BREAK);
	ck_assert_int_eq(rsp_poll(&far), RSP_NOTHING);
	line_put("#6d", 3);
	ck_assert_int_eq(rsp_receive(&far), RSP_PACKET);
	close(ends[0]);
	ck_assert_int_eq(rsp_receive(&far), RSP_CLOSED);
	ck_assert(!rsp_send(&far, "x", 1));
	ends[0] = dup(ends[1]);
}
END_TEST

START_TEST(numbers_and_bytes_are_read_no_further_than_they_go)
{
	const char *text = "1Ff,ffffffff,100000000,";
	uint8_t bytes[4];
	uint32_t value;

	ck_assert(rsp_take_number(&text, &value));
	ck_assert_uint_eq(value, 0x1ff);
	ck_assert(rsp_take_word(&text, ","));
	ck_assert(rsp_take_number(&text, &value));
	ck_assert_uint_eq(value, 0xffffffff);
	ck_assert(rsp_take_word(&text, ","));
	ck_assert(!rsp_take_number(&text, &value));
	ck_assert(!rsp_take_word(&text, "x"));
	text = "10000000000000001"; /* 1 if it were cut to 64 bits */
	ck_assert(!rsp_take_number(&text, &value));
	text = "";
	ck_assert(!rsp_take_number(&text, &value));
	ck_assert_uint_eq(rsp_from_hex(bytes, "0aFf1", 4), 2);
	ck_assert_uint_eq(rsp_from_hex(bytes, "0011223344", 4), 4);
	ck_assert_uint_eq(rsp_from_hex(bytes, "x", 4), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rsp");
	TCase *t = tcase_create("packets");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, line_open, line_close);
	tcase_add_test(t, a_packet_arrives_as_it_was_sent);
	tcase_add_test(t, a_damaged_packet_is_asked_for_again);
	tcase_add_test(t, what_is_no_packet_is_dropped);
	tcase_add_test(t, numbers_and_bytes_are_read_no_further_than_they_go);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
