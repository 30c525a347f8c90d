/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes directories. */
#include "pocket.h"

int32_t main(int32_t argc, char **argv)
{
	return names_each(argc, argv, mkdir);
}
