/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes its input to its output and to a file. */
#include "pocket.h"

int32_t main(int32_t argc, char **argv)
{
	static char bytes[1024];
	int32_t length;

	if (argc != 2) {
		print(FILE_ERROR, "usage: tee FILE\n");
		return 2;
	}
	int32_t file = open(argv[1], OPEN_WRITE | OPEN_CREATE | OPEN_TRUNCATE);
	if (file < 0)
		return complain("tee", argv[1], file);
	while ((length = read(FILE_INPUT, bytes, sizeof(bytes))) > 0) {
		write(FILE_OUTPUT, bytes, (uint32_t)length);
		int32_t written = write(file, bytes, (uint32_t)length);
		if (written < length)
			return complain("tee", argv[1], written < 0 ? written : ERROR_DISK_FULL);
	}
	return length < 0;
}
