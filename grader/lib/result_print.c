/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A result for people: what passed, what did not and why, and what to type next.
 */
#include "result.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define GREEN  "\033[32m"
#define RED    "\033[31m"
#define YELLOW "\033[33m"
#define BOLD   "\033[1m"
#define PLAIN  "\033[0m"

#define MARK_INDENT    "  "
#define MESSAGE_INDENT "          "

struct printer {
	const struct result *result;
	FILE *stream;
	bool colour;
	bool told; /* one failure has been told whole */
};

/* What machines_explain() adds to a failure begins with one of these. */
static const char *const story_beginnings[] = {
	"\nThe machine stands ", "\nThe monitor's last exits", "\nThe end of the monitor's log"};

static void print_coloured(const struct printer *printer, const char *colour, const char *text)
{
	fprintf(printer->stream, "%s%s%s", printer->colour ? colour : "", text,
		printer->colour ? PLAIN : "");
}

/* Each line of the text with the indentation before it. */
static void print_indented(const struct printer *printer, const char *indent, const char *text)
{
	while (*text) {
		int length = (int)strcspn(text, "\n");

		fprintf(printer->stream, "%s%.*s\n", length ? indent : "", length, text);
		text += length + (text[length] == '\n');
	}
}

/*
 * The first failure is told whole. One mistake often fails many tests, so of the others only what
 * was asserted is shown; each can be had whole by its command.
 */
static void print_message(struct printer *printer, const char *message)
{
	size_t length = strlen(message);

	for (size_t i = 0;
		printer->told && i < sizeof(story_beginnings) / sizeof(*story_beginnings); i++) {
		const char *story = strstr(message, story_beginnings[i]);
		if (story && (size_t)(story - message) < length)
			length = (size_t)(story - message);
	}
	char *shown = text_print("%.*s", (int)length, message);
	print_indented(printer, MESSAGE_INDENT, shown);
	free(shown);
	printer->told = true;
}

/* The commands to type after a failure. */
static void print_commands(const struct printer *printer, const struct graded_test *test)
{
	const struct result *result = printer->result;
	char *reproduce = result_reproduce(result, test);
	char *shown = text_escape(reproduce, strlen(reproduce));
	char *from = text_quote(result->from);
	char *from_shown = text_escape(from, strlen(from));

	fprintf(printer->stream, MESSAGE_INDENT "again:    %s\n", shown);
	if (test->guest)
		fprintf(printer->stream,
			MESSAGE_INDENT "debugger: make gdb LAB=%u GUEST=%s FROM=%s TEST=%s "
				       "SEED=%" PRIu64 "\n",
			result->lab->number, test->guest, from_shown, test_name(test),
			result->seed);
	free(reproduce);
	free(shown);
	free(from);
	free(from_shown);
}

static void print_test(struct printer *printer, const struct judged_test *test)
{
	static const char *const marks[] = {
		[PASSED] = "ok    ", [FAILED] = "FAILED", [ERROR] = "ERROR "};
	static const char *const colours[] = {[PASSED] = GREEN, [FAILED] = RED, [ERROR] = YELLOW};

	fputs(MARK_INDENT, printer->stream);
	print_coloured(printer, colours[test->verdict], marks[test->verdict]);
	fprintf(printer->stream, " %2u/%-2u  %s\n",
		test->verdict == PASSED ? test->test->points : 0, test->test->points,
		test_name(test->test));
	if (test->verdict == PASSED)
		return;
	print_message(printer, test->message);
	print_commands(printer, test->test);
}

static void print_property(struct printer *printer, enum property property)
{
	const struct result *result = printer->result;
	bool named = false;

	for (size_t i = 0; i < result->count; i++) {
		if (result->tests[i].test->property != property)
			continue;
		if (!named) {
			print_coloured(printer, BOLD, property_name(property));
			fputc('\n', printer->stream);
			named = true;
		}
		print_test(printer, &result->tests[i]);
	}
	if (named)
		fputc('\n', printer->stream);
}

static void print_total(const struct printer *printer)
{
	const struct result *result = printer->result;
	char *total = text_print("%u of %u points", result_score(result), result_max_score(result));
	static const char *const colours[] = {GREEN, RED, YELLOW};

	print_coloured(printer, colours[result_status(result)], total);
	fputc('\n', printer->stream);
	free(total);
	if (result->error) {
		print_coloured(printer, YELLOW, "could not be judged: ");
		fprintf(printer->stream, "%s\n", result->error);
	}
}

static void print_measured(const struct printer *printer)
{
	const struct result *result = printer->result;
	bool any = false;

	for (size_t i = 0; i < result->count; i++)
		for (size_t k = 0; k < result->tests[i].measured_count; k++) {
			const struct measured *measured = &result->tests[i].measured[k];

			fprintf(printer->stream, "%s" MARK_INDENT "%-40s %12" PRIu64 "\n",
				any ? "" : "\nmeasured\n", measured->name, measured->value);
			any = true;
		}
}

void result_print(const struct result *result, FILE *stream, bool colour)
{
	struct printer printer = {.result = result, .stream = stream, .colour = colour};
	char *from = text_escape(result->from, strlen(result->from));

	fprintf(stream, "Lab %u, %s: %s, seed %" PRIu64 "\n\n", result->lab->number,
		result->lab->name, from, result->seed);
	free(from);
	if (result->message) {
		print_indented(&printer, MARK_INDENT, result->message);
		fputc('\n', stream);
	}
	/* where no test was run, the reason says it all */
	if (!result->not_run)
		for (enum property property = EQUIVALENCE; property <= EFFICIENCY; property++)
			print_property(&printer, property);
	print_total(&printer);
	print_measured(&printer);
}
