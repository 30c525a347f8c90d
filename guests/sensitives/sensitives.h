/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest `sensitives` leaves for whoever compares it with itself on another machine. */
#ifndef SENSITIVES_H
#define SENSITIVES_H

#include "probe.h"

#define FORMS_MAX 1000

/* What one form left: number n is that of probe_table[n]. */
struct sensitive_record {
	struct general_registers registers;
	uint32_t vector, error_code, eip, cs, eflags;
	uint32_t operand[6]; /* the operand's memory, and what is behind it */
	uint32_t stack[5];   /* from ESP on */
};

extern struct sensitive_record sensitive_records[FORMS_MAX];
extern volatile uint32_t sensitives_done;

/* LAR, LSL, VERR and VERW of every selector, by index and RPL, and of some with TI set: bits 0 to 3
 * say where ZF was set, the same for LAR and LSL with 16 bits in bits 4 and 5. */
#define SELECTORS 272u
struct sensitive_selector {
	uint32_t rights, limit; /* of LAR and LSL, where ZF was set, else what was there before */
	uint16_t rights_16, limit_16;
	uint32_t good;
};
extern struct sensitive_selector sensitive_selectors[SELECTORS];

extern SEEDED uint32_t sensitives_seed;

#endif
