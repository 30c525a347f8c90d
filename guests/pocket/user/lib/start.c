/* SPDX-License-Identifier: BSD-2-Clause */
/* What several programs need to start others. */
#include "pocket.h"

int32_t exec_named(const char *name, char *const argv[])
{
	static const char folder[] = "/bin/";
	char path[PATH_MAX];
	uint32_t length = strlen(name);

	if (name[string_span(name, '/')])
		return exec(name, argv);
	if (length == 0)
		return ERROR_NO_FILE;
	if (length + sizeof(folder) > sizeof(path))
		return ERROR_TOO_LONG;
	memcpy(path, folder, sizeof(folder));
	memcpy(path + sizeof(folder) - 1, name, length + 1);
	return exec(path, argv);
}

int32_t start(const char *name)
{
	int32_t id = fork();

	if (id == 0) {
		char *argv[] = {(char *)name, NULL};
		exit(exec_named(name, argv));
	}
	return id;
}

uint32_t number_read(const char *text)
{
	uint32_t value = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (uint32_t)(*text - '0');
	return value;
}

const char *path_name(const char *path)
{
	const char *name = path;

	for (; *path; path++)
		if (*path == '/')
			name = path + 1;
	return name;
}
