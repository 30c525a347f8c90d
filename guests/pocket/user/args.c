/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends with a status that says how many arguments it got and how long they are: for selftest. */
#include "pocket.h"

int32_t main(int32_t argc, char **argv)
{
	int32_t length = 0;

	for (int32_t i = 0; i < argc; i++)
		length += (int32_t)strlen(argv[i]);
	return argv[argc] == NULL ? argc * 100 + length : -2;
}
