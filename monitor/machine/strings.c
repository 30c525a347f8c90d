/* SPDX-License-Identifier: BSD-2-Clause */
/* What strings.h declares. memcpy and memset are single string instructions: the monitor
 * copies whole kernels with them. */
#include "strings.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	void *destination = to;
	__asm__ volatile("rep movsb" : "+D"(destination), "+S"(from), "+c"(size) : : "memory");
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	void *destination = to;
	__asm__ volatile("rep stosb" : "+D"(destination), "+c"(size) : "a"(byte) : "memory");
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
