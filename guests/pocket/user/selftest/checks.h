/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of selftest. */
#ifndef CHECKS_H
#define CHECKS_H

#include "pocket.h"

#define OUTSIDE    0xd0000000u /* above every program's memory */
#define BELOW      0x3ffff000u /* below it: the kernel's */
#define PAGE_BYTES 4096u
#define SEVEN      7 /* the status of seven */

/* Counts, and says what failed. */
void check(bool good, const char *what);

/* Runs a function in a child, which ends with its result as status. Gives that status; in
 * STATUS_NONE something went wrong on the way. */
int32_t child_status(int32_t (*function)(void));

#define STATUS_NONE -1000

void call_checks(void);    /* calls.c: write, read, time, registers */
void process_checks(void); /* processes.c: fork, exec, exit, wait, kill */
void frame_checks(void);   /* there too: a thousand forks lose no memory; the timer */
void memory_checks(void);  /* memory.c: demand paging, copy on write, sbrk, stack */

void file_checks(void); /* files.c: reading and writing, descriptors, large files, full disk */
void name_checks(void); /* names.c: directories, unlink, rename */
void pipe_checks(void); /* pipes.c: pipes, redirection, the shell */

#endif
