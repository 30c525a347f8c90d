/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends at once with status 7: for selftest. */
#include "pocket.h"

int32_t main(void)
{
	return 7;
}
