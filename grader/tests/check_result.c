/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The result's forms, byte by byte, and that no text of a submission's can break them.
 */
#include "result.h"
#include "text.h"

#include <check.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/check-result.XXXXXX";
static char path[64];

START_TEST(first)
{
}
END_TEST

START_TEST(second)
{
}
END_TEST

START_TEST(third)
{
}
END_TEST

static const struct graded_test graded[] = {
	{&first, EFFICIENCY, 5, NULL},
	{&second, EQUIVALENCE, 10, "hello"},
	{&third, RESOURCE_CONTROL, 85, "hostile"},
};
static const char *const files[] = {"segments.c", NULL};
static const struct lab lab = {.number = 1,
	.name = "rings",
	.folder = "1-rings",
	.files = files,
	.tests = graded,
	.test_count = 3};

static void verdict_set(struct result *result, size_t i, enum verdict verdict, const char *message)
{
	result->tests[i].verdict = verdict;
	free(result->tests[i].message);
	result->tests[i].message = text_print("%s", message);
}

static void measured_add(struct result *result, size_t i, const char *name, uint64_t value)
{
	struct judged_test *test = &result->tests[i];

	test->measured =
		realloc(test->measured, (test->measured_count + 1) * sizeof(*test->measured));
	ck_assert_ptr_nonnull(test->measured);
	test->measured[test->measured_count++] =
		(struct measured){.name = text_print("%s", name), .value = value};
}

/* All points, and two numbers. */
static struct result *result_good(void)
{
	struct result *result = result_new(&lab, "solutions", 7, NULL);

	result->sandbox = "bubblewrap";
	for (size_t i = 0; i < 3; i++)
		verdict_set(result, i, PASSED, "");
	measured_add(result, 0, "exits", 1234);
	measured_add(result, 2, "instructions", INT64_MAX);
	return result;
}

static char *file_read(const char *name)
{
	static char text[16384];
	FILE *file = fopen(name, "r");
	size_t size;

	ck_assert_ptr_nonnull(file);
	size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[size] = '\0';
	return text;
}

static const char *printed(const struct result *result, bool colour)
{
	static char text[16384];
	FILE *stream = fmemopen(text, sizeof(text), "w");

	result_print(result, stream, colour);
	fclose(stream);
	return text;
}

START_TEST(the_json_is_this)
{
	struct result *result = result_good();

	verdict_set(result, 1, FAILED, "CPL is 0\nhint: \"look\"");
	ck_assert(result_write_json(result, path));
	ck_assert_str_eq(file_read(path),
		"{\n"
		"  \"kit\": \"ringfence\",\n"
		"  \"lab\": 1,\n"
		"  \"name\": \"rings\",\n"
		"  \"seed\": 7,\n"
		"  \"score\": 90,\n"
		"  \"max_score\": 100,\n"
		"  \"sandbox\": \"bubblewrap\",\n"
		"  \"tests\": [\n"
		"    {\n"
		"      \"name\": \"first\",\n"
		"      \"property\": \"efficiency\",\n"
		"      \"status\": \"passed\",\n"
		"      \"score\": 5,\n"
		"      \"max_score\": 5,\n"
		"      \"message\": \"\",\n"
		"      \"reproduce\": \"make grade LAB=1 FROM=solutions TEST=first SEED=7\"\n"
		"    },\n"
		"    {\n"
		"      \"name\": \"second\",\n"
		"      \"property\": \"equivalence\",\n"
		"      \"status\": \"failed\",\n"
		"      \"score\": 0,\n"
		"      \"max_score\": 10,\n"
		"      \"message\": \"CPL is 0\\nhint: \\\"look\\\"\",\n"
		"      \"reproduce\": \"make grade LAB=1 FROM=solutions TEST=second SEED=7\"\n"
		"    },\n"
		"    {\n"
		"      \"name\": \"third\",\n"
		"      \"property\": \"resource-control\",\n"
		"      \"status\": \"passed\",\n"
		"      \"score\": 85,\n"
		"      \"max_score\": 85,\n"
		"      \"message\": \"\",\n"
		"      \"reproduce\": \"make grade LAB=1 FROM=solutions TEST=third SEED=7\"\n"
		"    }\n"
		"  ],\n"
		"  \"measured\": {\n"
		"    \"exits\": 1234,\n"
		"    \"instructions\": 9223372036854775807\n"
		"  }\n"
		"}\n");
	result_free(result);
}
END_TEST

START_TEST(an_error_is_told_and_not_counted)
{
	struct result *result = result_good();
	json_t *json;

	verdict_set(result, 2, ERROR, "Bochs did not start");
	result->error = text_print("1 of 3 tests could not be judged");
	ck_assert_int_eq(result_status(result), 2);
	ck_assert_uint_eq(result_score(result), 15);
	ck_assert(result_write_json(result, path));
	json = json_load_file(path, 0, NULL);
	ck_assert_ptr_nonnull(json);
	ck_assert_str_eq(json_string_value(json_object_get(json, "error")),
		"1 of 3 tests could not be judged");
	ck_assert_int_eq(json_integer_value(json_object_get(json, "score")), 15);
	json_decref(json);
	result_free(result);
}
END_TEST

START_TEST(the_status_says_what_was_lost)
{
	struct result *result = result_good();

	ck_assert_int_eq(result_status(result), 0);
	verdict_set(result, 0, FAILED, "");
	ck_assert_int_eq(result_status(result), 1);
	verdict_set(result, 1, ERROR, "");
	ck_assert_int_eq(result_status(result), 2);
	result_free(result);
	result = result_new(&lab, "x", 1, NULL); /* nothing was judged yet */
	ck_assert_int_eq(result_status(result), 2);
	result_free(result);
}
END_TEST

START_TEST(a_bad_submission_fails_every_test)
{
	struct result *result = result_new(&lab, "x", 1, NULL);
	const char *text;

	result->message = text_print("segments.c is missing");
	result_fill(result, FAILED, "not run");
	ck_assert_int_eq(result_status(result), 1);
	ck_assert_uint_eq(result_score(result), 0);
	ck_assert(result_write_json(result, path));
	ck_assert_ptr_nonnull(strstr(file_read(path), "\"message\": \"segments.c is missing\""));
	text = printed(result, false);
	ck_assert_ptr_nonnull(strstr(text, "segments.c is missing"));
	ck_assert_ptr_null(strstr(text, "make gdb"));
	result_free(result);
}
END_TEST

START_TEST(only_chosen_tests_count)
{
	const bool chosen[] = {true, false, true};
	struct result *result = result_new(&lab, "x", 1, chosen);

	ck_assert_uint_eq(result->count, 2);
	ck_assert_uint_eq(result_max_score(result), 90);
	ck_assert_str_eq(test_name(result->tests[1].test), "third");
	result_free(result);
}
END_TEST

START_TEST(the_terminal_shows_this)
{
	struct result *result = result_good();

	verdict_set(result, 1, FAILED, "CPL is 0\nhint: look");
	verdict_set(result, 0, ERROR, "no Bochs");
	ck_assert_str_eq(printed(result, false),
		"Lab 1, rings: solutions, seed 7\n"
		"\n"
		"equivalence\n"
		"  FAILED  0/10  second\n"
		"          CPL is 0\n"
		"          hint: look\n"
		"          again:    make grade LAB=1 FROM=solutions TEST=second SEED=7\n"
		"          debugger: make gdb LAB=1 GUEST=hello FROM=solutions TEST=second SEED=7\n"
		"\n"
		"resource-control\n"
		"  ok     85/85  third\n"
		"\n"
		"efficiency\n"
		"  ERROR   0/5   first\n"
		"          no Bochs\n"
		"          again:    make grade LAB=1 FROM=solutions TEST=first SEED=7\n"
		"\n"
		"85 of 100 points\n"
		"\n"
		"measured\n"
		"  exits                                            1234\n"
		"  instructions                             9223372036854775807\n");
	ck_assert_ptr_null(strchr(printed(result, false), '\033'));
	ck_assert_ptr_nonnull(strstr(printed(result, true), "\033[31mFAILED\033[0m"));
	result_free(result);
}
END_TEST

START_TEST(the_old_file_is_replaced_in_one_step)
{
	struct result *result = result_good();
	char bad[128];

	ck_assert(result_write_json(result, path));
	ck_assert(result_write_json(result, path));
	snprintf(bad, sizeof(bad), "test $(ls -A %s | wc -l) = 1", folder);
	ck_assert_int_eq(system(bad), 0);
	/* a folder in its place, and no folder around it: nothing is left behind */
	snprintf(bad, sizeof(bad), "%s/none/result.json", folder);
	ck_assert(!result_write_json(result, bad));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert(!result_write_json(result, folder));
	snprintf(bad, sizeof(bad), "test -z \"$(ls %s*.tmp 2>/dev/null)\"", folder);
	ck_assert_int_eq(system(bad), 0);
	result_free(result);
}
END_TEST

START_TEST(the_command_is_quoted)
{
	struct result *result = result_new(&lab, "it's my $HOME; rm", 1, NULL);
	char *command = result_reproduce(result, &graded[0]);

	ck_assert_str_eq(
		command, "make grade LAB=1 FROM='it'\\''s my $$HOME; rm' TEST=first SEED=1");
	free(command);
	result_free(result);
}
END_TEST

/* A path with an escape sequence and a byte that is no UTF-8, as a class's folder may have. */
START_TEST(a_hostile_path_breaks_nothing)
{
	struct result *result = result_new(&lab, "a\033[2Jb\xff", 1, NULL);

	result_fill(result, FAILED, "x");
	ck_assert(result_write_json(result, path));
	ck_assert_ptr_nonnull(strstr(file_read(path), "FROM='ab\\\\xFF'"));
	ck_assert_ptr_null(strchr(printed(result, false), '\033'));
	result_free(result);
}
END_TEST

/* ---- text ---- */

static const struct {
	const char *text, *escaped;
} escapes[] = {
	{"plain\ttext\n", "plain\ttext\n"},
	{"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"},
	{"a\rb\bc\x7f", "a\\x0Db\\x08c\\x7F"},
	{"\033[31mred\033[0m", "red"},
	{"\033[?1049h\033[2Jx", "x"},
	{"\033]0;title\007x", "x"},
	{"\033]8;;http://evil\033\\link", "link"},
	{"\033P1$r\033\\x", "x"},
	{"\033cx", "x"},
	{"end\033", "end"},
	{"end\033[", "end"},
	{"\033]never ended\nnext", "\nnext"},
	{"\xc2\x9b"
	 "2J",
		"\\xC2\\x9B"
		"2J"}, /* CSI as one character */
	{"a\xe2\x80\xae"
	 "b",
		"a\\xE2\\x80\\xAE"
		"b"},                                 /* right-to-left override */
	{"\xff\xfe", "\\xFF\\xFE"},                   /* never in UTF-8 */
	{"\xc0\xaf", "\\xC0\\xAF"},                   /* longer than need be */
	{"\xed\xa0\x80", "\\xED\\xA0\\x80"},          /* a surrogate */
	{"\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"}, /* above U+10FFFF */
	{"cut \xe2\x82", "cut \\xE2\\x82"},
};

START_TEST(text_is_escaped)
{
	char *escaped = text_escape(escapes[_i].text, strlen(escapes[_i].text));
	json_t *json = json_string(escaped);

	ck_assert_str_eq(escaped, escapes[_i].escaped);
	ck_assert_ptr_nonnull(json);
	json_decref(json);
	free(escaped);
}
END_TEST

START_TEST(a_zero_byte_is_escaped)
{
	char *escaped = text_escape("a\0b", 3);

	ck_assert_str_eq(escaped, "a\\x00b");
	free(escaped);
}
END_TEST

/* Whatever the bytes, JSON takes them and no terminal is moved. */
START_TEST(random_bytes_become_text)
{
	char bytes[64];

	srand(1);
	for (unsigned round = 0; round < 3000; round++) {
		size_t size = (size_t)rand() % sizeof(bytes);
		char *escaped;
		json_t *json;

		for (size_t i = 0; i < size; i++)
			bytes[i] = rand() % 3 ? (char)rand() : "\033[]\xe2\x80\xc2"[rand() % 6];
		escaped = text_escape(bytes, size);
		json = json_string(escaped);
		ck_assert_ptr_nonnull(json);
		for (const unsigned char *c = (unsigned char *)escaped; *c; c++)
			ck_assert(*c >= 0x20 || *c == '\n' || *c == '\t');
		json_decref(json);
		free(escaped);
	}
}
END_TEST

START_TEST(lines_are_counted)
{
	static const char *const texts[][2] = {{"", ""}, {"a\n", "a\n"}, {"a\nb\n", "a\nb\n"},
		{"a\nb\nc\n", "a\nb\n[1 more line]\n"}, {"a\nb\nc\nd", "a\nb\n[2 more lines]\n"}};

	for (size_t i = 0; i < 5; i++) {
		char *text = text_first_lines(texts[i][0], 2);

		ck_assert_str_eq(text, texts[i][1]);
		free(text);
	}
}
END_TEST

START_TEST(words_are_taken_out)
{
	char *text = text_without("/tmp/x/a.c: /tmp/x/b.c /tmp/xa", "/tmp/x/");

	ck_assert_str_eq(text, "a.c: b.c /tmp/xa");
	free(text);
	text = text_without("same", "");
	ck_assert_str_eq(text, "same");
	free(text);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("result");
	Suite *suite = suite_create("result");
	SRunner *runner = srunner_create(suite);
	char command[128];
	int failed;

	if (!mkdtemp(folder)) {
		perror(folder);
		return 2;
	}
	snprintf(path, sizeof(path), "%s/result.json", folder);
	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, the_json_is_this);
	tcase_add_test(tests, an_error_is_told_and_not_counted);
	tcase_add_test(tests, the_status_says_what_was_lost);
	tcase_add_test(tests, a_bad_submission_fails_every_test);
	tcase_add_test(tests, only_chosen_tests_count);
	tcase_add_test(tests, the_terminal_shows_this);
	tcase_add_test(tests, the_old_file_is_replaced_in_one_step);
	tcase_add_test(tests, the_command_is_quoted);
	tcase_add_test(tests, a_hostile_path_breaks_nothing);
	tcase_add_loop_test(tests, text_is_escaped, 0, (int)(sizeof(escapes) / sizeof(escapes[0])));
	tcase_add_test(tests, a_zero_byte_is_escaped);
	tcase_add_test(tests, random_bytes_become_text);
	tcase_add_test(tests, lines_are_counted);
	tcase_add_test(tests, words_are_taken_out);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) != 0 || failed != 0;
}
