/* SPDX-License-Identifier: BSD-2-Clause */
/* The cases of the guest scramble, which someone else fills in, and what they may use. */
#ifndef SCRAMBLE_H
#define SCRAMBLE_H

#include "probe.h"

#define SCRAMBLE_CASES  128
#define SCRAMBLE_CODE   128 /* bytes of code of a case */
#define SCRAMBLE_MEMORY 256 /* bytes of memory */
#define SCRAMBLE_STACK  8192u

/* In the GDT; the judge names them by number. */
#define DATA_BASE      (KERNEL_FREE + 0x00 + 3) /* DPL 3, begins at scramble_memory, 4 KiB */
#define DATA_READ_ONLY (KERNEL_FREE + 0x08 + 3)
#define DATA_ABSENT    (KERNEL_FREE + 0x10 + 3)
#define DATA_ABSENT_0  (KERNEL_FREE + 0x18)
#define CODE_CONFORM   (KERNEL_FREE + 0x20)
#define CODE_ABSENT    (KERNEL_FREE + 0x28)
#define LDT            (KERNEL_FREE + 0x30) /* entry 1: flat data of ring 3 */
#define DATA_STACK     (KERNEL_FREE + 0x38) /* flat, DPL 0: KERNEL_DS once more */

/* In the IDT, interrupt gates all */
enum {
	INT_DPL_0 = 0x40,
	INT_DPL_3,
	INT_ABSENT,      /* DPL 3 */
	INT_ABSENT_CODE, /* DPL 3, to CODE_ABSENT */
	INT_TYPE,        /* DPL 3, no gate at all */
};

/* All that a case begins with. The frame says ring, EIP, EFLAGS, ESP and the general registers. */
struct scramble_case {
	struct frame frame;
	uint32_t fs, gs; /* of ring 0 */
	uint32_t cr0, cr2, cr4, dr[4];
};

#endif
