/* SPDX-License-Identifier: BSD-2-Clause */
/* What registers.c and cases.asm share. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include <stdint.h>

#define REGISTER_CASES 8

/* The layout is written down once more in cases.asm. */
struct register_case {
	uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi;
	uint32_t eflags;
	uint32_t ds, es, fs, gs; /* selectors, in the low 16 bits */
};

/* Loads the guest's GDT, then runs all cases: register_cases to register_results. */
void register_cases_run(void);

#endif
