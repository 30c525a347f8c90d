/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process of one graded test, and what judge.h offers to the test in it.
 *
 * The test is an ordinary Check test that Check runs without a fork of its own: a failed
 * assertion comes back here while the machines are still there, so that they can be asked what
 * the guest did. What came out goes to the runner as one JSON object through a pipe.
 *
 * Invariants: random numbers depend on the seed and the test's name alone; and a test that did
 * not run to its end is never reported as passed, because "passed" is written last.
 */
#include "judge.h"
#include "result.h"
#include "runner.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXPLANATION_SIZE 32768
#define CHECK_MAX        (1u << 20) /* bytes of Check's words; it ends the process above that */
#define MESSAGE_MAX      65536u     /* bytes that are reported */

/* Of the test that this process runs. */
static const struct judgement *current;
static uint64_t random_state;
static char *hint_text;
static json_t *measured;
static int report_fd = -1;

const struct judgement *judgement(void)
{
	return current;
}

/* ---- random numbers ---- */

/* FNV-1a of the name, so that two tests of one seed draw different numbers. */
static uint64_t random_begin(uint64_t seed, const char *name)
{
	uint64_t hash = 0xCBF29CE484222325u;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 0x100000001B3u;
	return hash ^ seed * 0x9E3779B97F4A7C15u;
}

/* SplitMix64 (Steele, Lea and Flood, 2014): a counter, well stirred. */
uint32_t random_u32(void)
{
	uint64_t value = random_state += 0x9E3779B97F4A7C15u;

	value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9u;
	value = (value ^ value >> 27) * 0x94D049BB133111EBu;
	return (uint32_t)((value ^ value >> 31) >> 32);
}

uint32_t random_below(uint32_t bound)
{
	/* The numbers above the largest multiple of the bound would favour the small results. */
	uint32_t uneven = (uint32_t)(-bound) % bound;
	uint32_t value;

	do
		value = random_u32();
	while (value < uneven);
	return value % bound;
}

/* ---- the report ---- */

void hint(const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	free(hint_text);
	hint_text = NULL;
	if (!format)
		return;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	if (text)
		hint_text = text_print("hint: %s\n", text);
	free(text);
}

void measure(const char *name, uint64_t value)
{
	char *shown = text_escape(name, strlen(name));

	json_object_set_new(
		measured, shown, json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value));
	free(shown);
}

static _Noreturn void report_send(enum verdict verdict, const char *message)
{
	size_t length = strnlen(message, MESSAGE_MAX);
	char *shown = text_escape(message, length);
	char *whole = text_print("%s%s", shown, message[length] ? "\n[cut here]" : "");
	json_t *report = json_pack("{s:s, s:s, s:o}", "status", verdict_name(verdict), "message",
		whole, "measured", measured);
	int status = report ? json_dumpfd(report, report_fd, JSON_COMPACT) : -1;

	/* Not exit(): the judge's own buffers and handlers are its own. */
	_exit(status == 0 ? 0 : 1);
}

void infrastructure_error(const char *format, ...)
{
	va_list arguments;
	char *message;

	va_start(arguments, format);
	if (vasprintf(&message, format, arguments) < 0)
		message = NULL;
	va_end(arguments);
	machines_end();
	report_send(ERROR, message ? message : "no memory left");
}

/* ---- the run ---- */

/* Check's words, the hint, then what the machines have to say. */
static char *failure_text(const char *words)
{
	char *explanation = calloc(1, EXPLANATION_SIZE);
	size_t length = strlen(words);
	char *text;

	if (explanation)
		machines_explain(explanation, EXPLANATION_SIZE);
	text = text_print("%s%s%s%s", words, length && words[length - 1] == '\n' ? "" : "\n",
		hint_text ? hint_text : "", explanation ? explanation : "");
	free(explanation);
	return text;
}

/* Check takes orders from the environment, which has its own tests in mind. */
static void check_forget_environment(void)
{
	static const char *const names[] = {"CK_RUN_SUITE", "CK_RUN_CASE", "CK_INCLUDE_TAGS",
		"CK_EXCLUDE_TAGS", "CK_LOG_FILE_NAME", "CK_XML_LOG_FILE_NAME",
		"CK_TAP_LOG_FILE_NAME", "CK_MAX_MSG_SIZE"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	check_set_max_msg_size(CHECK_MAX);
}

/* Where `make gdb TEST=` finds this failure again. Not being able to is no reason to fail. */
static void failure_record(const struct judgement *judgement)
{
	char *lab, *folder;

	if (!judgement->record)
		return;
	lab = text_print("%s/%u", judgement->record, judgement->lab->number);
	folder = text_print("%s/%s-%" PRIu64, lab, judgement->test, judgement->seed);
	if ((mkdir(judgement->record, 0755) == 0 || errno == EEXIST) &&
		(mkdir(lab, 0755) == 0 || errno == EEXIST) &&
		(mkdir(folder, 0755) == 0 || errno == EEXIST))
		machines_record(folder);
	free(lab);
	free(folder);
}

static SRunner *check_prepare(const struct graded_test *test)
{
	Suite *suite = suite_create("graded");
	TCase *tests = tcase_create("graded");
	SRunner *runner;

	tcase_add_test(tests, *test->test);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	return runner;
}

void test_run(const struct judgement *judgement, const struct graded_test *test, int fd)
{
	SRunner *runner;
	TestResult **failures;
	char *text;

	check_forget_environment();
	runner = check_prepare(test);
	current = judgement;
	random_state = random_begin(judgement->seed, judgement->test);
	measured = json_object();
	report_fd = fd;
	srunner_run(runner, NULL, NULL, CK_SILENT);
	if (srunner_ntests_run(runner) != 1)
		infrastructure_error("Check did not run the test");
	if (srunner_ntests_failed(runner) == 0) {
		machines_end();
		report_send(PASSED, "");
	}
	failures = srunner_failures(runner);
	text = failure_text(tr_msg(failures[0]));
	failure_record(judgement);
	machines_end();
	report_send(FAILED, text);
}
