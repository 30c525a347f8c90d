/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The running program's memory, as the kernel sees it.
 *
 * A program's pointer is an offset in its segments. The kernel's segments are flat, so it must add
 * the base and check the limit itself, each time, before it touches anything: a program may pass
 * any number.
 */
#ifndef USER_MEMORY_H
#define USER_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* The address in the kernel's segments of the program's `size` bytes at `pointer`; NULL: not all of
 * them are the program's. */
void *user_memory(uint32_t pointer, uint32_t size);

/* Copies a string. 0, ERROR_POINTER, or ERROR_TOO_LONG if it does not fit in `size` bytes with its
 * NUL. */
int32_t user_string(uint32_t pointer, char *text, uint32_t size);

#endif
