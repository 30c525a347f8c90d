/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 2, traps: what becomes of an instruction or an exception that trapped.
 *
 * Before lab 2 the plain fallback (plain/emulate.c, plain/inject.c) stands here: it performs
 * the few instructions that a lab 1 guest cannot do without, steps over the others, and has
 * no way to inject anything.
 */
#ifndef TRAPS_H
#define TRAPS_H

#include "decode.h"
#include "exit.h"

/*
 * Acts on an instruction of the guest's kernel (ring 1) that trapped with #GP and is
 * privileged or sensitive. VERDICT_RESUME: done, EIP stands behind it.
 * VERDICT_GUEST_FAULT: on the bare machine it would have raised this exception too.
 */
enum verdict vcpu_emulate(struct vcpu *vcpu, const struct insn *insn);

/* Makes the guest take the exception that is in its registers (vector, error_code).
 * VERDICT_RESUME, or VERDICT_ENDED after vm_kill() where it cannot be done. */
enum verdict vcpu_inject(struct vcpu *vcpu);

#endif
