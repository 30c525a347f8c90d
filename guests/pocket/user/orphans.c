/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts two children and waits for neither: for selftest. */
#include "pocket.h"

int32_t main(void)
{
	return start("seven") > 0 && start("seven") > 0 ? 0 : 1;
}
