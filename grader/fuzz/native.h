/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What native.c, a program of 32 bits, and a test, of 64, tell each other: one instruction, with
 * the registers before and after it.
 */
#ifndef NATIVE_H
#define NATIVE_H

#include <stdint.h>

/* The memory that both have: a file that the test hands over as this descriptor. */
#define NATIVE_MEMORY 3
#define NATIVE_FIRST  0x10000u /* where it lies in native.c */
#define NATIVE_SIZE   0x20000u

struct native {
	uint32_t general[8]; /* EAX ECX EDX EBX ESP EBP ESI EDI */
	uint32_t eip, eflags;
	uint32_t steps;  /* of a repeated instruction: so many elements at most */
	uint32_t signal; /* afterwards: what it raised; 0: it is done */
};

#endif
