/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists names: what they are, how many names that has, its size. */
#include "pocket.h"

static void status_print(const struct file_status *status, const char *name)
{
	printf("%c %3u %7u %s\n", status->type == TYPE_DIRECTORY ? 'd' : '-', status->links,
		status->size, name);
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* The task is in the directory, so names are paths. */
static int32_t names_list(int32_t directory)
{
	struct directory_name name;
	struct file_status status;
	int32_t more;

	while ((more = next_name(directory, &name)) > 0) {
		if (is_dots(name.name))
			continue;
		int32_t error = path_status(name.name, &status);
		if (error < 0)
			complain("ls", name.name, error);
		else
			status_print(&status, name.name);
	}
	return more;
}

static int32_t path_list(const char *path)
{
	struct file_status status;
	int32_t error = path_status(path, &status);

	if (error == 0 && status.type != TYPE_DIRECTORY) {
		status_print(&status, path);
		return 0;
	}
	if (error == 0)
		error = chdir(path);
	int32_t directory = error == 0 ? open(".", OPEN_READ) : error;
	return directory < 0 ? directory : names_list(directory);
}

/* A task of its own for each: chdir() is for good. */
int32_t main(int32_t argc, char **argv)
{
	int32_t failed = 0, error, status;

	if (argc <= 2) {
		const char *path = argc == 2 ? argv[1] : ".";
		error = path_list(path);
		return error < 0 ? complain("ls", path, error) : 0;
	}
	for (int32_t i = 1; i < argc; i++) {
		int32_t child = fork();
		if (child == 0)
			exit((error = path_list(argv[i])) < 0 ? complain("ls", argv[i], error) : 0);
		failed |= child < 0 || waitpid(child, &status) < 0 || status != 0;
	}
	return failed;
}
