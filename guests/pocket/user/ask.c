/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a line and prints it. */
#include "pocket.h"

int32_t main(void)
{
	struct reader reader;
	char line[LINE_MAX];

	printf("ask: type a line\n");
	reader_begin(&reader, FILE_INPUT);
	if (reader_line(&reader, line) <= 0)
		return 1;
	printf("ask: %s\n", line);
	return 0;
}
