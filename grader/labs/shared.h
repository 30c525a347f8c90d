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

/* The same for a machine whose guests have each an IDT: the text, and the bits of CR0 and CR4 that
 * hold everything together. */
void integrity_check_monitor(struct machine *m, const struct integrity *before, const char *attack);

/* ---- what it costs ---- */

/* Instructions from here to an address. */
uint64_t ticks_to(struct machine *m, uint32_t address);

/* Exits between two addresses, as Bochs records them: what the processor delivers to the monitor.
 * Without interrupts: those of the real timer do not count. */
uint64_t exits_between(struct machine *m, uint32_t from, uint32_t to, bool with_interrupts);

/*
 * A loop between two symbols of a guest's, on the bare machine and under the submitted monitor:
 * what it takes there in thousandths of the bare machine is measured by the name `measured`. Fails
 * the test where the bare loop has less than `percent` in a hundred of the monitor's instructions.
 */
void assert_loop_runs_bare(struct guest *guest, const char *begin, const char *end,
	const char *measured, unsigned percent);

void assert_within(const char *what, uint64_t cost, uint64_t budget);

/* ---- predict, then measure ---- */

/* A number that answers.txt must have, and how the submitted monitor is asked for it. */
struct prediction {
	const char *name;
	uint64_t (*measure)(void);
};

/* Fails the test where an answer is missing, or is not what the monitor shows. */
void assert_predictions(const struct prediction *predictions, size_t count);

/* The same for one that has been measured. */
void assert_prediction(const char *name, uint64_t measured);

#endif
