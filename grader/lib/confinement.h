/* SPDX-License-Identifier: BSD-2-Clause */
/* How a process of the sandbox is confined: between sandbox.c and confinement.c. */
#ifndef RINGFENCE_CONFINEMENT_H
#define RINGFENCE_CONFINEMENT_H

#include "sandbox.h"

struct confinement {
	enum { BUBBLEWRAP, OTHER_USER, LIMITS } kind;
	unsigned user; /* whom root becomes: a user and a group of this number */
};

/*
 * In the process that was forked for it: confines itself and becomes the command. Output goes
 * to `output`, the result to `result`; what could not be done goes to `output` too, with the
 * status 126 or 127.
 */
_Noreturn void confinement_enter(const struct confinement *confinement,
	const struct sandbox_command *command, int output, int result);

#endif
