/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program can use: the system calls, and a few functions on top of them. The system calls
 * return errors as negative numbers (abi.h). */
#ifndef POCKET_H
#define POCKET_H

#include "abi.h"
#include "format.h"
#include "string.h"

#include <stdbool.h>
#include <stdint.h>

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- calls.c ---- */

/* Any system call; the others are made of it. */
int32_t system_call(uint32_t number, uint32_t ebx, uint32_t ecx, uint32_t edx);

_Noreturn void exit(int32_t status);
int32_t write(int32_t file, const void *text, uint32_t length);
int32_t read(int32_t file, void *text, uint32_t size);
int32_t getpid(void);
int32_t yield(void);
int32_t sleep(uint32_t milliseconds);
int32_t spawn(const char *name);
int32_t wait(int32_t *status);
uint32_t time(void);
uint32_t uptime(void);

/* ---- print.c ---- */

/* One write(), so that no other program's output comes between. At most TEXT_MAX - 1 bytes. */
__attribute__((format(printf, 1, 2))) void printf(const char *format, ...);

/* Reads a line without its \n, or the first size - 1 bytes of it. False: the input is at its end.
 */
bool line_read(char *line, uint32_t size);

/* ---- every program's own ---- */

/* Returns the program's status. */
int32_t main(void);

#endif
