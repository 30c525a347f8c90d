/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls: what programs ask of the kernel. Their numbers are in shared/abi.h. */
#ifndef SYSCALL_H
#define SYSCALL_H

#include "traps.h"

/* Does what EAX asks for and leaves the result there. */
void syscall_handle(struct trap_frame *frame);

#endif
