/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs graded tests, each in a process of its own, several at once.
 *
 * A test that fails, crashes, hangs or leaves processes behind cannot disturb another one, or
 * the judge. Whatever the order in which they end, the result has them in the lab's order.
 */
#ifndef RINGFENCE_RUNNER_H
#define RINGFENCE_RUNNER_H

#include "judge.h"
#include "result.h"

#include <signal.h>

#define RUNNER_SECONDS 60u /* of wall-clock time, for one test */

struct runner {
	struct judgement judgement;        /* for all tests: all fields but `test` */
	const char *work;                  /* a private folder: TMPDIR of the tests lies in it */
	unsigned jobs;                     /* how many tests at once, at least 1 */
	unsigned seconds;                  /* 0: RUNNER_SECONDS */
	bool progress;                     /* one line on standard error that is kept up to date */
	const volatile sig_atomic_t *stop; /* ends all tests once it is not 0; may be NULL */
};

/*
 * Runs the tests of `result` and fills in their verdicts. When it returns, no process of a test
 * is left, of those that stayed in its process group. A test that cannot be judged is an ERROR,
 * and result->error says so.
 */
void runner_run(const struct runner *runner, struct result *result);

/*
 * The process of one test: runs it and writes what came out to `fd` for the runner. Everything
 * that judge.h offers to a running test works from here on.
 */
_Noreturn void test_run(const struct judgement *judgement, const struct graded_test *test, int fd);

#endif
