/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of lab 4's graded tests share. */
#ifndef PATCH_TESTS_H
#define PATCH_TESTS_H

/* the same guest twice, and what its probes ended with */
#include "shadow_tests.h"
#include "traps_tests.h"

#include "decode.h"

#define CODE_MAX                                                                                   \
	0x01c00000u /* monitor/include/code.h: a guest's kernel executes below, in copies */

/* Each file's tests; the last has no test. */
extern const struct graded_test patch_scan_tests[];       /* organs, called from outside */
extern const struct graded_test patch_pages_tests[];      /* organs, on pages of random code */
extern const struct graded_test patch_guests_tests[];     /* whole guests, bare and monitored */
extern const struct graded_test patch_forms_tests[];      /* each instruction, each form */
extern const struct graded_test patch_random_tests[];     /* what no one wrote down */
extern const struct graded_test patch_interrupts_tests[]; /* and what is in between */
extern const struct graded_test patch_kernel_tests[];     /* an operating system */
extern const struct graded_test patch_audit_tests[];      /* the copies, at any moment */
extern const struct graded_test patch_hostile_tests[];    /* guests that harm */
extern const struct graded_test patch_cost_tests[];       /* what it costs, and the predictions */

#endif
