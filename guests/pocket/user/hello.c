/* SPDX-License-Identifier: BSD-2-Clause */
/* The smallest program. */
#include "pocket.h"

int32_t main(void)
{
	printf("hello from ring 3\n");
	return 0;
}
