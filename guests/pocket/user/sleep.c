/* SPDX-License-Identifier: BSD-2-Clause */
/* Waits for so many milliseconds. */
#include "pocket.h"

int32_t main(int32_t argc, char **argv)
{
	return argc == 2 ? sleep(number_read(argv[1])) : 2;
}
