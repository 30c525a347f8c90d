/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints its arguments. */
#include "pocket.h"

int32_t main(int32_t argc, char **argv)
{
	char line[TEXT_MAX] = "";
	uint32_t length = 0;

	for (int32_t i = 1; i < argc; i++) {
		uint32_t size = strlen(argv[i]);
		if (length + size + 2 > sizeof(line))
			return complain("echo", argv[i], ERROR_TOO_LONG);
		if (i > 1)
			line[length++] = ' ';
		memcpy(line + length, argv[i], size);
		length += size;
	}
	line[length] = '\0';
	printf("%s\n", line);
	return 0;
}
