/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 5, paravirtual drivers: the contract's first half. (The others: virtqueue.h, virtio_blk.h.)
 *
 * A guest that knows that it is a guest need not pretend. It calls its firmware (pal.h), and under
 * this monitor that firmware is the student's:
 *
 *   firmware.asm  what takes the place of the guest's code page: one operation each PAL_SLOT bytes
 *   hypercall.c   what the monitor does for it
 *
 * The hypercall itself is INT HYPERCALL_VECTOR. Its gate can be used from ring 1, so the processor
 * goes straight into the monitor: nothing is decoded, nothing was replaced. The firmware's page is
 * the one page of the kernel's code that no scan looks at (code.h): it runs as it is. INT
 * HYPERCALL_VECTOR anywhere else is the guest's own interrupt.
 */
#ifndef HYPERCALL_H
#define HYPERCALL_H

#include "exit.h"
#include "organ.h"
#include "pal.h"

struct vcpu;

#define HYPERCALL_VECTOR 0x82

/* ---- firmware.asm ---- */

/*
 * The firmware: PAL_OPERATIONS slots of PAL_SLOT bytes, position independent but for addresses in
 * the data page, which are written as PAL_DATA + offset (pal.h). The data page is struct
 * shared_flags (patch.h), the same memory that patch blocks use:
 *
 *   delta    what must be added to the real EFLAGS to get the kernel's: 0, or -200h
 *   waiting  not 0: an interrupt waits for the flag. Only the monitor writes it
 *
 * PAL_VERSION, PAL_FLAGS, PAL_SET_FLAGS, PAL_MASK and PAL_UNMASK do their work without the monitor.
 * Whoever sets the flag looks at `waiting` afterwards: if it is not 0, the hypercall PAL_UNMASK
 * gives the monitor a chance. The others are hypercalls: EAX = the operation, EDX and ECX as they
 * are, INT HYPERCALL_VECTOR, RET.
 */
extern const uint8_t firmware[PAL_OPERATIONS * PAL_SLOT];

/* ---- hypercall.c ---- */

/*
 * Performs the operation EAX for the firmware of this guest's kernel. EIP stands at the INT.
 *
 * VERDICT_RESUME       it is done: EIP stands behind the INT, the result is in EAX (and EDX); or a
 *                      piece of it is: see below
 * VERDICT_WAIT         PAL_HALT; EIP stands behind the INT
 * VERDICT_GUEST_FAULT  an access faulted (vcpu_load_linear() and vcpu_store_linear() have noted
 *                      which); EDX and ECX say what is left, and EIP stands at the INT
 * VERDICT_ENDED        the guest is over
 *
 * PAL_UNMASK
 *     The interrupt flag is 1. The chassis delivers what waits.
 * PAL_HALT
 *     The same, and waits.
 * PAL_SET_CR3
 *     vcpu_write_cr(): what that says.
 * PAL_INVALIDATE
 *     vcpu_invalidate().
 * PAL_UPDATE
 *     For each struct pal_update: `value` to `entry`, with the rights of a kernel's write, and the
 *     page of `linear` is forgotten. An entry that is not a multiple of 4 is stored as well.
 * PAL_TIME
 *     clock_now().
 * PAL_CONSOLE
 *     hypercall_console(). What lies before a page that faults is printed before the fault.
 * any other number, also those that the firmware does alone
 *     EAX = HYPERCALL_UNKNOWN; nothing else changes.
 *
 * The guest chooses ECX, and its other guests wait meanwhile. So no hypercall does more than
 * HYPERCALL_ENTRIES entries or HYPERCALL_BYTES bytes. What is left is in EDX and ECX, EIP stays at
 * the INT, and an interrupt can come before it goes on: as with REP MOVS (volume 2, REP). When ECX
 * is 0, it is complete. The result is 0 where pal.h names none.
 */
enum verdict hypercall(struct vcpu *vcpu);

#define HYPERCALL_ENTRIES 64
#define HYPERCALL_BYTES   128 /* a byte takes 87 microseconds on the line */
#define HYPERCALL_UNKNOWN 0xffffffffu

/* ---- what the chassis has ---- */

/* Bytes for the guest's console. */
void hypercall_console(struct vcpu *vcpu, const uint8_t *bytes, uint32_t count);

#define HYPERCALL_LENGTH 2 /* bytes of INT n */

#endif
