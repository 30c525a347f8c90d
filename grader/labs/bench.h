/* SPDX-License-Identifier: BSD-2-Clause */
/* The cost tables of the labs, for tools/bench.c: tests that measure and judge nothing. */
#ifndef BENCH_H
#define BENCH_H

#include "judge.h"

/* one table a lab; the last of each has no test */
extern const struct graded_test rings_bench_tests[];    /* 1 */
extern const struct graded_test traps_bench_tests[];    /* 2 */
extern const struct graded_test shadow_bench_tests[];   /* 3 */
extern const struct graded_test patch_bench_tests[];    /* 4 */
extern const struct graded_test paravirt_bench_tests[]; /* 5 */
extern const struct graded_test paravirt_virtio_bench_tests[];

#endif
