/* SPDX-License-Identifier: BSD-2-Clause */
/* What exceptions.c and probes.asm share: selectors and vectors. probes.asm has them once more. */
#ifndef EXCEPTIONS_H
#define EXCEPTIONS_H

#include "kernel.h"

/* In the GDT */
#define ABSENT_DATA     (KERNEL_FREE + 0x00 + 3) /* DPL 3 */
#define ABSENT_CODE     (KERNEL_FREE + 0x08)     /* DPL 0 */
#define SMALL_DATA      (KERNEL_FREE + 0x10 + 3) /* DPL 3, ends at SMALL_END */
#define READ_ONLY       (KERNEL_FREE + 0x18 + 3) /* DPL 3 */
#define EXECUTE_ONLY    (KERNEL_FREE + 0x20 + 3) /* DPL 3 */
#define CONFORMING_CODE (KERNEL_FREE + 0x28)     /* DPL 0 */
#define SMALL_STACK     (KERNEL_FREE + 0x30)     /* DPL 0, ends at SMALL_END */
#define LDT_DESCRIPTOR  (KERNEL_FREE + 0x38)
#define SMALL_CODE      (KERNEL_FREE + 0x40) /* DPL 0, ends at 1000h */
#define ABSENT_STACK    (KERNEL_FREE + 0x48) /* DPL 0 */
#define BASE_STACK      (KERNEL_FREE + 0x50) /* DPL 0, begins at STACK_BASE */
#define STACK_16        (KERNEL_FREE + 0x58) /* DPL 0, 16 bits, is exceptions_stack */

#define SMALL_END  0x200000u /* the guest is below, and memory goes on above */
#define STACK_BASE 0x10000u

/* In the IDT. Those whose name has no DPL have 3. */
enum {
	INT_DPL_0 = 0x40,
	INT_DPL_1,
	INT_DPL_2,
	INT_DPL_3,
	INT_TRAP_DPL_0,
	INT_TRAP_DPL_3,
	INT_ABSENT_DPL_0,
	INT_ABSENT,
	INT_TYPE_DATA,
	INT_TYPE_CALL,
	INT_TYPE_LDT,
	INT_TYPE_TSS,
	INT_CS_NULL,
	INT_CS_BEYOND,
	INT_CS_DATA,
	INT_CS_ABSENT,
	INT_CS_OUTER,
	INT_CS_CONFORMING,
	INT_CS_SMALL,
	INT_CS_LOCAL,
	INT_CS_RPL_3,
	INT_CS_SYSTEM,
	INT_LAST = 0xef, /* the last vector that the IDT has */
};

#endif
