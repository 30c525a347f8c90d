/* SPDX-License-Identifier: BSD-2-Clause */
/* What someone else fills in for the guest jumble, and what it leaves. */
#ifndef JUMBLE_H
#define JUMBLE_H

#include "probe.h"

/* ---- cases ---- */

#define JUMBLE_CASES  64
#define JUMBLE_CODE   192 /* bytes of code of a case */
#define JUMBLE_MEMORY 256 /* bytes of memory */
#define JUMBLE_STACK  1024u
#define JUMBLE_ROUNDS 8

/* Selectors that the judge names by number, beside those of kernel.h. */
#define JUMBLE_DATA   (KERNEL_FREE + 0x00 + 3) /* DPL 3, begins at jumble_memory, 4 KiB */
#define JUMBLE_READ   (KERNEL_FREE + 0x08 + 3) /* flat, not writable */
#define JUMBLE_ABSENT (KERNEL_FREE + 0x10)
#define JUMBLE_CODE_X (KERNEL_FREE + 0x18) /* code, not readable */
#define JUMBLE_CODE_C (KERNEL_FREE + 0x20) /* code, conforming */
#define JUMBLE_LDT    (KERNEL_FREE + 0x28)

#define JUMBLE_COUNT_VECTOR 0x61 /* counts, and returns */

struct jumble_case {
	struct general_registers registers;
	uint32_t eflags, selector; /* of FS and GS */
};

/* What a case has left: its outcome, and sums of its stack and its memory. */
struct jumble_end {
	struct outcome outcome;
	uint32_t stack, memory;
};

/* ---- the loop that is interrupted ---- */

#define JUMBLE_BODY 512 /* bytes of code */

/* What interrupts before that byte of the body have seen: the first, and one that saw something
 * else. */
struct jumble_state {
	struct general_registers registers;
	uint32_t cs, eflags;
};

struct jumble_seen {
	uint32_t count, differed;
	struct jumble_state first, other;
};

#endif
