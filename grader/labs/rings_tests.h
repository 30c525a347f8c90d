/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of lab 1's graded tests share. */
#ifndef RINGS_TESTS_H
#define RINGS_TESTS_H

#include "shared.h"

/* the monitor's own headers: the host reads the same constants and 32-bit structures */
#include "exit.h"
#include "rings.h"

/* Each file's tests, in the order of the handout; the last has no test. */
extern const struct graded_test rings_segments_tests[]; /* segments.c, function by function */
extern const struct graded_test rings_world_tests[];    /* a guest in ring 1, and its exits */
extern const struct graded_test rings_hostile_tests[];  /* guests that want out */
extern const struct graded_test rings_cost_tests[];     /* what it costs, and the predictions */

#endif
