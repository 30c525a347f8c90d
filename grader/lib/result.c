/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The result model, and its native form: JSON.
 *
 * Invariant: the order of keys is fixed and so is everything else, see result.h. The file is
 * written under another name and then renamed, so a reader never finds half of it.
 */
#include "result.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[PASSED] = "passed", [FAILED] = "failed", [ERROR] = "error"};

	return names[verdict];
}

const char *property_name(enum property property)
{
	static const char *const names[] = {[EQUIVALENCE] = "equivalence",
		[RESOURCE_CONTROL] = "resource-control",
		[EFFICIENCY] = "efficiency"};

	return names[property];
}

const char *test_name(const struct graded_test *test)
{
	return (*test->test)->name;
}

/* ---- the model ---- */

struct result *result_new(
	const struct lab *lab, const char *from, uint64_t seed, const bool *chosen)
{
	struct result *result = calloc(1, sizeof(*result));
	struct judged_test *tests = calloc(lab->test_count + 1, sizeof(*tests));

	if (!result || !tests) {
		fputs("judge: no memory left: nothing can be judged\n", stderr);
		exit(2);
	}
	*result = (struct result){
		.lab = lab, .from = from, .seed = seed, .sandbox = "none", .tests = tests};
	for (size_t i = 0; i < lab->test_count; i++)
		if (!chosen || chosen[i])
			tests[result->count++] = (struct judged_test){.test = &lab->tests[i],
				.verdict = ERROR,
				.message = text_print("%s", "")};
	return result;
}

void result_free(struct result *result)
{
	for (size_t i = 0; i < result->count; i++) {
		struct judged_test *test = &result->tests[i];

		for (size_t k = 0; k < test->measured_count; k++)
			free(test->measured[k].name);
		free(test->measured);
		free(test->message);
	}
	free(result->tests);
	free(result->message);
	free(result->error);
	free(result);
}

void result_fill(struct result *result, enum verdict verdict, const char *message)
{
	result->not_run = true;
	for (size_t i = 0; i < result->count; i++) {
		result->tests[i].verdict = verdict;
		free(result->tests[i].message);
		result->tests[i].message = text_print("%s", message);
	}
}

static unsigned test_score(const struct judged_test *test)
{
	return test->verdict == PASSED ? test->test->points : 0;
}

unsigned result_score(const struct result *result)
{
	unsigned score = 0;

	for (size_t i = 0; i < result->count; i++)
		score += test_score(&result->tests[i]);
	return score;
}

unsigned result_max_score(const struct result *result)
{
	unsigned score = 0;

	for (size_t i = 0; i < result->count; i++)
		score += result->tests[i].test->points;
	return score;
}

int result_status(const struct result *result)
{
	int status = result->message ? 1 : 0;

	if (result->error)
		return 2;
	for (size_t i = 0; i < result->count; i++) {
		if (result->tests[i].verdict == ERROR)
			return 2;
		if (result->tests[i].verdict == FAILED)
			status = 1;
	}
	return status;
}

char *result_reproduce(const struct result *result, const struct graded_test *test)
{
	char *from = text_quote(result->from);
	char *command = text_print("make grade LAB=%u FROM=%s TEST=%s SEED=%" PRIu64,
		result->lab->number, from, test_name(test), result->seed);

	free(from);
	return command;
}

/* ---- JSON ---- */

static json_t *test_json(const struct result *result, const struct judged_test *test)
{
	char *command = result_reproduce(result, test->test);
	char *shown = text_escape(command, strlen(command));
	json_t *json = json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:s}", "name",
		test_name(test->test), "property", property_name(test->test->property), "status",
		verdict_name(test->verdict), "score", (json_int_t)test_score(test), "max_score",
		(json_int_t)test->test->points, "message", test->message, "reproduce", shown);

	free(command);
	free(shown);
	return json;
}

/* All values in the lab's order. Of a name that two tests measured, the later value. */
static json_t *measured_json(const struct result *result)
{
	json_t *json = json_object();

	for (size_t i = 0; i < result->count; i++) {
		const struct judged_test *test = &result->tests[i];

		for (size_t k = 0; k < test->measured_count; k++)
			json_object_set_new(json, test->measured[k].name,
				json_integer((json_int_t)test->measured[k].value));
	}
	return json;
}

/* NULL: no memory, or a text that was not made fit. */
static json_t *result_json(const struct result *result)
{
	json_t *tests = json_array(), *json;

	for (size_t i = 0; i < result->count; i++)
		if (json_array_append_new(tests, test_json(result, &result->tests[i])) != 0) {
			json_decref(tests);
			return NULL;
		}
	json = json_pack("{s:s, s:I, s:s, s:I, s:I, s:I, s:s}", "kit", "ringfence", "lab",
		(json_int_t)result->lab->number, "name", result->lab->name, "seed",
		(json_int_t)result->seed, "score", (json_int_t)result_score(result), "max_score",
		(json_int_t)result_max_score(result), "sandbox", result->sandbox);
	if (result->message)
		json_object_set_new(json, "message", json_string(result->message));
	if (result->error)
		json_object_set_new(json, "error", json_string(result->error));
	json_object_set_new(json, "tests", tests);
	json_object_set_new(json, "measured", measured_json(result));
	return json;
}

/* Writes to the temporary file and closes it. */
static bool json_store(const json_t *json, int fd)
{
	FILE *stream = fdopen(fd, "w");
	bool stored;

	if (!stream) {
		close(fd);
		return false;
	}
	stored = json_dumpf(json, stream, JSON_INDENT(2) | JSON_PRESERVE_ORDER) == 0 &&
		 fputc('\n', stream) != EOF;
	return fclose(stream) == 0 && stored;
}

bool result_write_json(const struct result *result, const char *path)
{
	char *temporary = text_print("%s.%ld.tmp", path, (long)getpid());
	json_t *json = result_json(result);
	int fd = -1, error;
	bool stored = false;

	errno = ENOMEM;
	if (json)
		fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd >= 0) {
		stored = json_store(json, fd) && rename(temporary, path) == 0;
		error = errno;
		if (!stored)
			unlink(temporary);
		errno = error;
	}
	error = errno;
	json_decref(json);
	free(temporary);
	errno = error;
	return stored;
}
