/* SPDX-License-Identifier: BSD-2-Clause */
/* Removes directories that are empty. */
#include "pocket.h"

int32_t main(int32_t argc, char **argv)
{
	return names_each(argc, argv, rmdir);
}
