/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The copies of a guest's code that the processor fetches from, and the guest's own code, looked at
 * from outside.
 */
#ifndef PATCH_AUDIT_H
#define PATCH_AUDIT_H

#include "patch_tests.h"

#define GUEST_LOAD 0x00100000u

/* May it run in the code view as it is? scan_classify()'s contract. */
bool insn_may_run_as_it_is(const struct insn *insn);

/*
 * Fails the test at the first byte of the code view that is wrong: one that is neither a
 * breakpoint, nor of an instruction that may run as it is, nor of a jump to a block. Goes on to a
 * moment at which the guest itself runs. Returns how many bytes are no breakpoints: none where the
 * guest came to its end before.
 */
unsigned audit_code_view(struct machine *m);

/* A guest's text, as it lies in its memory. The bytes are the caller's to free. */
struct text {
	uint32_t start;
	size_t size;
	uint8_t *bytes;
};
struct text text_take(struct machine *m, bool bare, const struct guest *guest);

/* Fails the test where it is another now. */
void text_check(struct machine *m, const struct guest *guest, const struct text *before);

#endif
