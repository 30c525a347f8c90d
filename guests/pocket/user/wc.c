/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts the lines, the words and the bytes of files, or of its input. */
#include "pocket.h"

static int32_t file_count(int32_t file, const char *name)
{
	static char bytes[4096];
	uint32_t lines = 0, words = 0, size = 0;
	bool in_word = false;
	int32_t length;

	while ((length = read(file, bytes, sizeof(bytes))) > 0) {
		for (int32_t i = 0; i < length; i++) {
			bool space = bytes[i] == ' ' || bytes[i] == '\t' || bytes[i] == '\n';
			words += !space && !in_word;
			in_word = !space;
			lines += bytes[i] == '\n';
		}
		size += (uint32_t)length;
	}
	if (length == 0)
		printf("%u %u %u%s%s\n", lines, words, size, *name ? " " : "", name);
	return length;
}

int32_t main(int32_t argc, char **argv)
{
	return files_each(argc, argv, 1, file_count);
}
