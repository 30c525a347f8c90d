/* SPDX-License-Identifier: BSD-2-Clause */
/* REP INS and OUTS, a block at once. */
#ifndef PORT_STRING_H
#define PORT_STRING_H

#include "decode.h"

struct vcpu;

/* Moves what of the instruction at CS:EIP (INS or OUTS) can be moved at once; EIP stays at it while
 * there is more. False: nothing is done, and it goes the long way. */
bool port_string(struct vcpu *vcpu, const struct insn *insn);

#endif
