/* SPDX-License-Identifier: BSD-2-Clause */
/* What pocket's self-test costs, for tests and for the bench. */
#ifndef PATCH_COSTS_H
#define PATCH_COSTS_H

#include "costs.h"
#include "patch_tests.h"

/* Instructions of a machine that boots one of the builds of pocket for its self-test, without the
 * time that it sleeps. */
uint64_t selftest_cost(const char *name, bool bare, const char *words, uint32_t *exits);

/* The same where it is to end within that many times LIMIT instructions. */
uint64_t selftest_cost_within(
	unsigned limits, const char *name, bool bare, const char *words, uint32_t *exits);

#endif
