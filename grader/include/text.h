/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text that comes from a submission, made fit to be shown and to be put into JSON.
 *
 * All functions return memory that the caller frees. Where there is none left, they end the
 * program with the status 2: without memory nothing can be judged.
 */
#ifndef RINGFENCE_TEXT_H
#define RINGFENCE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

__attribute__((format(printf, 1, 2))) char *text_print(const char *format, ...);

/*
 * Valid UTF-8 that moves nothing on a terminal: control sequences are taken out; other control
 * characters, bytes that are not UTF-8, and characters that turn the direction of writing are
 * written as \xNN, byte by byte. Newlines and tabs stay.
 */
char *text_escape(const char *text, size_t size);

/* The text without every occurrence of `word` (which may be empty: then a copy). */
char *text_without(const char *text, const char *word);

/* The first `lines` lines, then one that says how many more there were. */
char *text_first_lines(const char *text, unsigned lines);

/* The word as a shell takes it, and make on its command line: quoted where it must be. */
char *text_quote(const char *word);

#endif
