/* SPDX-License-Identifier: BSD-2-Clause */
/* Shows the bytes of files, or of its input, as numbers and as characters. */
#include "pocket.h"

#define PER_LINE 16

static int32_t bytes_read(int32_t file, uint8_t bytes[PER_LINE])
{
	int32_t count = 0, length = 1;

	while (count < PER_LINE && length > 0) {
		length = read(file, bytes + count, (uint32_t)(PER_LINE - count));
		if (length > 0)
			count += length;
	}
	return length < 0 ? length : count;
}

static int32_t file_show(int32_t file, const char *name)
{
	uint8_t bytes[PER_LINE];
	int32_t count;

	(void)name;
	for (uint32_t offset = 0; (count = bytes_read(file, bytes)) > 0; offset += PER_LINE) {
		char line[PER_LINE * 4 + 2], *end = line;
		for (int i = 0; i < PER_LINE; i++) {
			*end++ = ' ';
			*end++ = i < count ? "0123456789abcdef"[bytes[i] / 16] : ' ';
			*end++ = i < count ? "0123456789abcdef"[bytes[i] % 16] : ' ';
		}
		*end++ = ' ';
		for (int i = 0; i < count; i++)
			*end++ = bytes[i] >= ' ' && bytes[i] < 0x7f ? (char)bytes[i] : '.';
		*end = '\0';
		printf("%06x%s\n", offset, line);
	}
	return count;
}

int32_t main(int32_t argc, char **argv)
{
	return files_each(argc, argv, 1, file_show);
}
