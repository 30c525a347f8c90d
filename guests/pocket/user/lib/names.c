/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs that deal with names have in common. */
#include "pocket.h"

int32_t names_each(int32_t argc, char **argv, int32_t (*function)(const char *name))
{
	int32_t status = 0;

	if (argc < 2) {
		print(FILE_ERROR, "usage: %s NAME...\n", path_name(argv[0]));
		return 2;
	}
	for (int32_t i = 1; i < argc; i++) {
		int32_t error = function(argv[i]);
		if (error < 0)
			status = complain(path_name(argv[0]), argv[i], error);
	}
	return status;
}

bool target_path(const char *target, const char *source, char path[PATH_MAX])
{
	const char *name = path_name(source);
	uint32_t length = strlen(target);
	struct file_status status;

	if (length >= PATH_MAX)
		return false;
	memcpy(path, target, length + 1);
	if (path_status(target, &status) < 0 || status.type != TYPE_DIRECTORY)
		return true;
	if (length + 1 + strlen(name) >= PATH_MAX)
		return false;
	path[length] = '/';
	memcpy(path + length + 1, name, strlen(name) + 1);
	return true;
}
