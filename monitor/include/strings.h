/* SPDX-License-Identifier: BSD-2-Clause */
/* The few functions of the C library that the monitor needs, as the C standard defines them; and
 * how it looks for an option. */
#ifndef STRINGS_H
#define STRINGS_H

#include "types.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
int strncmp(const char *a, const char *b, size_t size);

/* Where a command line, "name word word ...", goes on behind a word that starts with `key`; NULL:
 * there is none. */
const char *option_find(const char *command_line, const char *key);

#endif
