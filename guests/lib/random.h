/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers for a guest: the same for the same seed (Marsaglia's xorshift). */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

/* To be called first. A seed of 0 is as good as 1. */
void random_seed(uint32_t seed);

uint32_t random_u32(void);

/* 0 to limit - 1. */
uint32_t random_below(uint32_t limit);

#endif
