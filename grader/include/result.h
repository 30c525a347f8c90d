/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The result of one judgement: one model, and the forms that it is shown in.
 *
 * Invariant: a result depends on the kit, the submission, the lab, the tests chosen and the seed
 * alone. It holds no time, no process number and no name of a temporary folder, so the same
 * judgement gives the same bytes.
 *
 * All text in it is fit to be shown (text.h: text_escape).
 */
#ifndef RINGFENCE_RESULT_H
#define RINGFENCE_RESULT_H

#include "judge.h"

#include <stdio.h>

enum verdict {
	PASSED,
	FAILED,
	ERROR, /* could not be judged */
};

/* "passed", "failed", "error" */
const char *verdict_name(enum verdict verdict);

struct measured {
	char *name;
	uint64_t value; /* up to INT64_MAX: what JSON's readers can hold */
};

struct judged_test {
	const struct graded_test *test;
	enum verdict verdict;
	char *message; /* "" for a test that passed */
	struct measured *measured;
	size_t measured_count;
};

struct result {
	const struct lab *lab;
	const char *from; /* as the user gave it */
	uint64_t seed;    /* up to INT64_MAX */
	const char *sandbox;
	char *message; /* why the submission could not be run, for its author; NULL: it could */
	char *error;   /* why the judgement is not whole; NULL: it is */
	bool not_run;  /* no test was run: message or error says why, for all */
	struct judged_test *tests; /* those chosen, in the lab's order */
	size_t count;
};

/* A result with no verdict yet: every test is an ERROR with the message "". `chosen` is one bool
 * for each of the lab's tests; NULL: all. */
struct result *result_new(
	const struct lab *lab, const char *from, uint64_t seed, const bool *chosen);
void result_free(struct result *result);

/* The same verdict and message for all tests, where none was run. */
void result_fill(struct result *result, enum verdict verdict, const char *message);

const char *test_name(const struct graded_test *test);
unsigned result_score(const struct result *result);
unsigned result_max_score(const struct result *result);

/* 0: all points; 1: points were lost; 2: not all could be judged. */
int result_status(const struct result *result);

/*
 * Writes the native JSON to the file `path`, replacing an older one in one step. False: errno
 * says why, and what was there is untouched.
 */
bool result_write_json(const struct result *result, const char *path);

/* For people. Colours where `colour` says so. */
void result_print(const struct result *result, FILE *stream, bool colour);

/* The command that repeats one test, freed by the caller. */
char *result_reproduce(const struct result *result, const struct graded_test *test);

#endif
