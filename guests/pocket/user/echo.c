/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a line from the console and prints it. */
#include "pocket.h"

int32_t main(void)
{
	char line[100];

	printf("echo: type a line\n");
	if (!line_read(line, sizeof(line)))
		return 1;
	printf("echo: %s\n", line);
	return 0;
}
