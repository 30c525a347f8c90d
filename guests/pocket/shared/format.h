/* SPDX-License-Identifier: BSD-2-Clause */
/* Formatted text, for the kernel's messages and the programs' printf(). */
#ifndef FORMAT_H
#define FORMAT_H

#include <stdarg.h>
#include <stddef.h>

#define TEXT_MAX 256 /* of a message, with its NUL */

/* As vsnprintf() with %s %c %d %u %x %%, a width for numbers, and 0 before it. Writes at most
 * `size` bytes with the NUL: what does not fit is cut off. */
__attribute__((format(printf, 3, 0))) void text_format(
	char *text, size_t size, const char *format, va_list arguments);

#endif
