/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints the lines of files, or of its input, that hold a text. Status 1: there was none. */
#include "pocket.h"

static const char *wanted;
static bool many, found;

static bool line_has(const char *line, const char *text)
{
	uint32_t length = strlen(text), size = strlen(line);

	for (uint32_t i = 0; i + length <= size; i++)
		if (memcmp(line + i, text, length) == 0)
			return true;
	return false;
}

static int32_t file_search(int32_t file, const char *name)
{
	static struct reader reader;
	char line[LINE_MAX];
	int32_t more;

	reader_begin(&reader, file);
	while ((more = reader_line(&reader, line)) > 0) {
		if (!line_has(line, wanted))
			continue;
		found = true;
		if (many)
			printf("%s:", name);
		printf("%s\n", line);
	}
	return more;
}

int32_t main(int32_t argc, char **argv)
{
	if (argc < 2) {
		print(FILE_ERROR, "usage: grep TEXT [FILE]...\n");
		return 2;
	}
	wanted = argv[1];
	many = argc > 3;
	int32_t status = files_each(argc, argv, 2, file_search);
	return status ? status : !found;
}
