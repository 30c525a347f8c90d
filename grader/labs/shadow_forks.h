/* SPDX-License-Identifier: BSD-2-Clause */
/* The program forkwait of pocket_quiet, measured from fork to fork: shadow_forks.c. */
#ifndef SHADOW_FORKS_H
#define SHADOW_FORKS_H

#include "machines.h"

struct forks {
	struct guest *guest;
	struct machine *m;
	unsigned wanted; /* how often the program forks, beyond the first two that warm up */
};

/* Boots pocket_quiet bare, or with these words under the submission, and stops where its program
 * forks for the third time. `wanted` more will come. */
struct forks forks_boot(bool bare, const char *words, unsigned wanted);

/* Goes on to the fork that is `count` further. */
void forks_pass(const struct forks *forks, unsigned count);

/* Runs to the end. Fails the test where the program did not find each of its children. */
void forks_end(const struct forks *forks);

#endif
