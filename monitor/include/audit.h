/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The auditor: is every entry of the shadow page tables what the guest's own tables say now?
 *
 * The word audit=N on a guest's command line has it look before every N-th page fault and change of
 * CR0, CR3 or CR4. It asks guest_walk() with ACCESS_PEEK, so it finds what was filled wrongly or
 * has grown old, and not a walk that is wrong itself.
 */
#ifndef AUDIT_H
#define AUDIT_H

#include "exit.h"

/* VERDICT_RESUME, or VERDICT_ENDED after a kill report that names the first wrong entry. */
enum verdict shadow_audit(struct vcpu *vcpu);

#endif
