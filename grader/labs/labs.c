/* SPDX-License-Identifier: BSD-2-Clause */
/* Every lab of the course that the judge knows. */
#include "judge.h"

extern struct lab lab_rings;
extern struct lab lab_traps;
extern struct lab lab_shadow;
extern struct lab lab_patch;
extern struct lab lab_paravirt;

const struct lab *const all_labs[] = {
	&lab_rings, &lab_traps, &lab_shadow, &lab_patch, &lab_paravirt, NULL};
