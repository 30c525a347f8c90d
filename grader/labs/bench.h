/* SPDX-License-Identifier: BSD-2-Clause */
/* The cost tables of the labs, for tools/bench.c: tests that measure and judge nothing. */
#ifndef BENCH_H
#define BENCH_H

#include "judge.h"

extern const struct graded_test rings_bench_tests[]; /* lab 1; the last has no test */

#endif
