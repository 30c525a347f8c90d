/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints the first lines of files, or of its input. */
#include "pocket.h"

static uint32_t wanted = 10;

static int32_t file_begin(int32_t file, const char *name)
{
	static struct reader reader;
	char line[LINE_MAX];
	int32_t more = 1;

	(void)name;
	reader_begin(&reader, file);
	for (uint32_t i = 0; i < wanted && (more = reader_line(&reader, line)) > 0; i++)
		printf("%s\n", line);
	return more < 0 ? more : 0;
}

int32_t main(int32_t argc, char **argv)
{
	int32_t first = 1;

	if (argc > 1 && argv[1][0] == '-') {
		wanted = number_read(argv[1] + 1);
		first = 2;
	}
	return files_each(argc, argv, first, file_begin);
}
