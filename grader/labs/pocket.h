/* SPDX-License-Identifier: BSD-2-Clause */
/* What the graded tests with guests/pocket have in common. */
#ifndef POCKET_H
#define POCKET_H

#include "shared.h"

/* To guest_done(), which is further than one run may go: all that is left is to switch off. */
void pocket_run(struct machine *m, const struct guest *guest);

/*
 * The file systems that two runs have left: the same bytes in all blocks that are in use. What lies
 * in a free block tells which of several processes came first, which may be another in each run.
 */
void assert_same_files(struct machine *bare, struct machine *m, const struct guest *guest);

/* Fails the test where two runs have printed something else, but for the line that tells the time.
 */
void assert_same_session(struct machine *bare, struct machine *m);

/* One of the builds of pocket, with a disk whose /etc/rc has a random script of 210 commands
 * (pocket_session.c). */
struct guest *pocket_session_open(const char *name);

#endif
