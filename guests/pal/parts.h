/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the guest `pal`. */
#ifndef PARTS_H
#define PARTS_H

#include "kernel.h"
#include "pal_call.h"
#include "random.h"
#include "results.h"

extern volatile uint32_t ticks;

/* ---- mixture.c: one flag, by the firmware and by the processor's own instructions ---- */

void try_mixture(void);

/* A handler for interrupts tells it of each. */
void mixture_interrupted(const struct frame *frame);

/* ---- own.asm ---- */

/* PUSHF; PUSHF, CLI; STI; POPF. */
uint32_t own_flags(void);
uint32_t own_mask(void);
void own_unmask(void);
void own_set_flags(uint32_t flags);

/* PUSHF, CLI, PAL_FLAGS and PAL_UNMASK, POPF. EFLAGS from inside. */
uint32_t own_section(void);

#endif
