/* SPDX-License-Identifier: BSD-2-Clause */
/* A checksum (CRC-32, as in ISO 3309) and the size of files, or of its input. */
#include "pocket.h"

#define POLYNOMIAL 0xedb88320u /* the lowest bit is the highest power */

static uint32_t table[256];

static void table_fill(void)
{
	for (uint32_t byte = 0; byte < ARRAY_LENGTH(table); byte++) {
		uint32_t rest = byte;
		for (int bit = 0; bit < 8; bit++)
			rest = rest >> 1 ^ (rest & 1 ? POLYNOMIAL : 0);
		table[byte] = rest;
	}
}

static int32_t file_sum(int32_t file, const char *name)
{
	static uint8_t bytes[4096];
	uint32_t sum = UINT32_MAX, size = 0;
	int32_t length;

	while ((length = read(file, bytes, sizeof(bytes))) > 0) {
		for (int32_t i = 0; i < length; i++)
			sum = sum >> 8 ^ table[(sum ^ bytes[i]) & 0xff];
		size += (uint32_t)length;
	}
	if (length == 0)
		printf("%08x %u%s%s\n", ~sum, size, *name ? " " : "", name);
	return length;
}

int32_t main(int32_t argc, char **argv)
{
	table_fill();
	return files_each(argc, argv, 1, file_sum);
}
