/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies a file, to another name or into a directory. */
#include "pocket.h"

static int32_t content_copy(int32_t from, int32_t to)
{
	static char bytes[8192];
	int32_t length;

	while ((length = read(from, bytes, sizeof(bytes))) > 0) {
		int32_t written = write(to, bytes, (uint32_t)length);
		if (written < length)
			return written < 0 ? written : ERROR_DISK_FULL;
	}
	return length;
}

int32_t main(int32_t argc, char **argv)
{
	char path[PATH_MAX];

	if (argc != 3) {
		print(FILE_ERROR, "usage: cp FILE NAME\n");
		return 2;
	}
	int32_t from = open(argv[1], OPEN_READ);
	if (from < 0)
		return complain("cp", argv[1], from);
	if (!target_path(argv[2], argv[1], path))
		return complain("cp", argv[2], ERROR_TOO_LONG);
	struct file_status source, target;
	if (path_status(path, &target) == 0 && file_status(from, &source) == 0 &&
		source.inode == target.inode)
		return complain("cp", path, ERROR_EXISTS); /* it would be empty before it is read */
	int32_t to = open(path, OPEN_WRITE | OPEN_CREATE | OPEN_TRUNCATE);
	if (to < 0)
		return complain("cp", path, to);
	int32_t error = content_copy(from, to);
	return error < 0 ? complain("cp", path, error) : 0;
}
