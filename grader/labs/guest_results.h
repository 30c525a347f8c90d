/* SPDX-License-Identifier: BSD-2-Clause */
/* The results of a guest (guests/lib/results.h), on the bare machine and under the submission. */
#ifndef GUEST_RESULTS_H
#define GUEST_RESULTS_H

#include "shadow_tests.h"

/*
 * Fails the test where a result is not the bare machine's. `group`: only results whose names begin
 * with one of these, which are separated by bars; "" is all. A result whose name begins with a dash
 * belongs to the one before.
 */
void compare_results(const struct twins *twins, const char *group);

/* Runs the guest twice, with these words too under the monitor, and compares. */
void assert_results_are_alike(struct guest *guest, const char *words, const char *group);

#endif
