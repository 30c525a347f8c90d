/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The auditor from outside: is every entry of the tables that the processor really walks right?
 *
 * It takes a stopped machine, reads the real CR3 and what it leads to, and walks the guest's own
 * tables for the same address with a walk of its own. So it believes neither the monitor's shadow
 * nor its walk.
 */
#ifndef SHADOW_AUDIT_H
#define SHADOW_AUDIT_H

#include "machines.h"

/* Goes on to a moment at which the guest itself runs, if it does not now. False: the instruction at
 * `end` came first. */
bool audit_reach_guest(struct machine *m, uint32_t end);

/* Fails the test at the first entry below MONITOR_BASE that is wrong, or above it is not the
 * monitor's own. Goes on to a moment at which the guest itself runs. Returns how many entries were
 * looked at: none where the guest came to its end before. */
unsigned audit_from_outside(struct machine *m);

#endif
