/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traps: every way into the kernel once it runs. Exceptions, interrupts of devices and system
 * calls all arrive in trap.asm, which makes the same frame of each.
 */
#ifndef TRAPS_H
#define TRAPS_H

#include <stdbool.h>
#include <stdint.h>

#define VECTOR_SYSTEM_CALL 0x80

/* The interrupted registers, as they lie on the kernel's stack. */
struct trap_frame {
	uint32_t edi, esi, ebp, pusha_esp, ebx, edx, ecx, eax; /* PUSHA */
	uint32_t gs, fs, es, ds;                               /* only 16 bits matter */
	uint32_t vector, error_code;                           /* the stub */
	uint32_t eip, cs, eflags;                              /* the processor */
	uint32_t esp, ss; /* the processor too, but only if it came from ring 3 */
};

static inline bool trap_from_user(const struct trap_frame *frame)
{
	return (frame->cs & 3) == 3;
}

/* Fills in the IDT and loads it. Interrupts stay off. */
void traps_init(void);

/* trap.asm: the way back. A forked task begins here, with a frame on its stack. */
void trap_return(void);

/* trap.asm: goes on with these registers, in ring 3. */
_Noreturn void trap_resume(struct trap_frame *frame);

/* Called by trap.asm. */
void trap_handle(struct trap_frame *frame);

#endif
