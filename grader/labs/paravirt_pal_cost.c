/* SPDX-License-Identifier: BSD-2-Clause */
/* placeholder */
#include "paravirt_tests.h"
const struct graded_test paravirt_pal_cost_tests[] = {{0}};
