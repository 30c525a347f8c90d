/* SPDX-License-Identifier: BSD-2-Clause */
/* What every organ may call. */
#ifndef ORGAN_H
#define ORGAN_H

/* Where the skeleton of an organ ends: a message that names the function to write, then the
 * machine is switched off. */
_Noreturn void organ_unwritten(const char *function);

#endif
