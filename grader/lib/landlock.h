/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RINGFENCE_LANDLOCK_H
#define RINGFENCE_LANDLOCK_H

/*
 * From now on this process and its children may open files below `readable` for reading and
 * running, below `writable` for everything, and nothing else; they may list the names below
 * the folder of each file in `readable`. The lists end with NULL; a path
 * that does not exist is left out. A kernel without Landlock changes nothing.
 */
void landlock_confine(const char *const *system, const char *const *readable, const char *writable);

#endif
