/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory and strings. The mem functions are those of the C standard; the compiler calls them too.
 */
#ifndef STRING_H
#define STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);

/* Copies as much as fits in `size` bytes, always with a NUL. `size` is at least 1. */
void string_copy(char *to, size_t size, const char *from);

/* The characters before the first `stop`, or before the end. */
size_t string_span(const char *text, char stop);

#endif
