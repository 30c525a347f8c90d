/* SPDX-License-Identifier: BSD-2-Clause */
/* The few functions of the C library that the monitor needs, as the C standard defines them. */
#ifndef STRINGS_H
#define STRINGS_H

#include "types.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
int strncmp(const char *a, const char *b, size_t size);

#endif
