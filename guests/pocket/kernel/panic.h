/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a kernel that has found itself wrong: it says why and where, and switches off. */
#ifndef PANIC_H
#define PANIC_H

#include "traps.h"

__attribute__((format(printf, 1, 2))) _Noreturn void panic(const char *format, ...);

/* The same for an exception in the kernel, with the registers of that moment. */
_Noreturn void panic_trap(const struct trap_frame *frame, const char *name);

/* A panic is under way: locks are not to be trusted any more. */
bool panicking(void);

void trap_frame_print(const struct trap_frame *frame);

/* Sends what is still on its way to the serial line, then switches the machine off. */
_Noreturn void machine_power_off(void);

#endif
