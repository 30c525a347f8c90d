/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs: ELF files that are part of the kernel's own image (programs.asm). */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdint.h>

/* Starts a program as a child of the running task. Returns its id, ERROR_NO_PROGRAM, ERROR_FORMAT
 * or ERROR_MEMORY. */
int32_t program_start(const char *name);

/* The name of program `index`; NULL behind the last. */
const char *program_name(unsigned index);

#endif
