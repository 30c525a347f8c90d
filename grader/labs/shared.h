/* SPDX-License-Identifier: BSD-2-Clause */
/* What the graded tests of more than one lab use. */
#ifndef SHARED_H
#define SHARED_H

#include "machines.h"

#include <stdio.h>
#include <string.h>

/* ---- the same guest bare and under the monitor ---- */

/* Only the text: the bare machine's firmware may have spoken first. */
void assert_same_console(struct machine *bare, struct machine *m);

/* Random small letters, NUL-terminated. */
void random_word(char word[16]);

/* ---- the monitor's code and tables, which must not change ---- */

/* The section .text of the submitted monitor. */
const struct symbols_range *monitor_text(void);

struct integrity {
	uint8_t *text;
	size_t text_size;
	uint8_t idt[256 * 8];
	uint32_t cr0, cr4, idtr;
};

/* At a moment when a guest runs. The text is the caller's to free. */
struct integrity integrity_take(struct machine *m);

/* At another such moment: fails the test where the monitor is not what it was. */
void integrity_check(struct machine *m, const struct integrity *before, const char *attack);

/* ---- predict, then measure ---- */

/* A number that answers.txt must have, and how the submitted monitor is asked for it. */
struct prediction {
	const char *name;
	uint64_t (*measure)(void);
};

/* Fails the test where an answer is missing, or is not what the monitor shows. */
void assert_predictions(const struct prediction *predictions, size_t count);

#endif
