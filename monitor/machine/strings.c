/* SPDX-License-Identifier: BSD-2-Clause */
/* What strings.h declares. The monitor copies and clears whole kernels with memcpy and memset, so
 * these move four bytes at a time. */
#include "strings.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	void *destination = to;
	size_t words = size / 4, rest = size % 4;

	__asm__ volatile("rep movsl\n\tmov %3, %2\n\trep movsb"
			 : "+D"(destination), "+S"(from), "+c"(words)
			 : "r"(rest)
			 : "memory");
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	void *destination = to;
	size_t words = size / 4, rest = size % 4;
	uint32_t pattern = (uint8_t)byte * 0x01010101u;

	__asm__ volatile("rep stosl\n\tmov %2, %1\n\trep stosb"
			 : "+D"(destination), "+c"(words)
			 : "r"(rest), "a"(pattern)
			 : "memory");
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *left = a, *right = b;
	for (size_t i = 0; i < size; i++)
		if (left[i] != right[i])
			return left[i] - right[i];
	return 0;
}

size_t strlen(const char *text)
{
	size_t length = 0;
	while (text[length])
		length++;
	return length;
}

int strncmp(const char *a, const char *b, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (a[i] != b[i] || !a[i])
			return (uint8_t)a[i] - (uint8_t)b[i];
	return 0;
}

const char *option_find(const char *command_line, const char *key)
{
	size_t length = strlen(key);

	for (const char *at = command_line; *at; at++)
		if (*at == ' ' && strncmp(at + 1, key, length) == 0)
			return at + 1 + length;
	return NULL;
}
