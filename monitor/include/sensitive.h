/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sensitive instructions: what an instruction of the guest's kernel would have done in ring 0,
 * where in ring 1 it does something else and need not trap (decode.h, INSN_SENSITIVE).
 *
 * How control comes here, with EIP at such an instruction, is not a matter of this file. It goes
 * through the same frame as privileged instructions (exit.c): RF is cleared before, and the guest's
 * own single step follows after.
 */
#ifndef SENSITIVE_H
#define SENSITIVE_H

#include "decode.h"
#include "exit.h"

static inline bool sensitive_is(const struct insn *insn)
{
	return insn->class == INSN_SENSITIVE;
}

/*
 * Performs one, for the guest's kernel: real ring 1, believed CPL 0.
 *
 * VERDICT_RESUME       done; EIP stands behind it, or where it went
 * VERDICT_GUEST_FAULT  nothing is changed but vcpu->event, which says what the guest takes: a fault
 *                      of the instruction, or the interrupt that INT n asks for
 * VERDICT_ENDED        it asked for what this monitor does not have
 */
enum verdict sensitive_emulate(struct vcpu *vcpu, const struct insn *insn);

#endif
