/* SPDX-License-Identifier: BSD-2-Clause */
/* Gives a file or a directory another name, or moves a file into a directory. */
#include "pocket.h"

int32_t main(int32_t argc, char **argv)
{
	char path[PATH_MAX];

	if (argc != 3) {
		print(FILE_ERROR, "usage: mv NAME NAME\n");
		return 2;
	}
	if (!target_path(argv[2], argv[1], path))
		return complain("mv", argv[2], ERROR_TOO_LONG);
	int32_t error = rename(argv[1], path);
	return error < 0 ? complain("mv", argv[1], error) : 0;
}
