/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The running program's memory, as the kernel sees it.
 *
 * A program may pass any number as a pointer. So the kernel touches the program's memory only
 * here: it checks that the bytes are in the program's part of the address space, and then copies
 * them directly. A page fault on the way is dealt with as if the program had caused it
 * (space_fault.c), so copying may sleep, and may separate a shared page. Where the program itself
 * would be ended for it, copying stops and fails.
 *
 * Spin locks must not be held, and sleep locks had better not be.
 */
#ifndef USER_MEMORY_H
#define USER_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* Whether [pointer, pointer + size) is in the part of the address space that is for programs. */
bool user_range_is_good(uint32_t pointer, uint32_t size);

/* Both return false if not all bytes could be copied; then some may have been. */
bool user_read(void *to, uint32_t from, uint32_t size);
bool user_write(uint32_t to, const void *from, uint32_t size);

/* Copies a string. Its length, ERROR_POINTER, or ERROR_TOO_LONG if it does not fit in `size` bytes
 * with its NUL. */
int32_t user_string(uint32_t pointer, char *text, uint32_t size);

/* Whether the instruction at `eip` is one that copies, so that its page faults are expected. */
bool user_copy_is_at(uint32_t eip);

/* Where to go on after one that cannot be mended. */
uint32_t user_copy_way_out(void);

#endif
