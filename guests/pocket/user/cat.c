/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes files, or its input, to its output. */
#include "pocket.h"

static int32_t file_copy(int32_t file, const char *name)
{
	static char bytes[4096];
	int32_t length;

	(void)name;
	while ((length = read(file, bytes, sizeof(bytes))) > 0) {
		int32_t written = write(FILE_OUTPUT, bytes, (uint32_t)length);
		if (written < length)
			return written < 0 ? written : ERROR_DISK_FULL;
	}
	return length;
}

int32_t main(int32_t argc, char **argv)
{
	return files_each(argc, argv, 1, file_copy);
}
