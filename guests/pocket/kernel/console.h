/* SPDX-License-Identifier: BSD-2-Clause */
/* The console: what is written appears on the serial line and on the screen; lines are read from
 * the serial line and from the keyboard. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdint.h>

/* Prints which devices it consists of. Interrupts may still be off. */
void console_init(void);

/* The bytes come out together: no other task's come between them. */
void console_write(const char *text, uint32_t length);

/* At most TEXT_MAX - 1 bytes; see format.h. May be called anywhere in the kernel. */
__attribute__((format(printf, 1, 2))) void console_printf(const char *format, ...);

/* Sleeps until there is a whole line, then gives it with its \n, or its first `size` bytes; the
 * rest comes with the next call. 0: end of input (Ctrl-D at the beginning of a line),
 * or the running task is killed. */
uint32_t console_read(char *text, uint32_t size);

/* Ctrl-C ends this job from now on: see task_kill_job(). */
void console_job(uint32_t job);

/* A character from a device's interrupt. */
void console_input(char c);

#endif
