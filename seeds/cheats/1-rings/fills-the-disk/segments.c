/* SPDX-License-Identifier: BSD-2-Clause */
/* An object file of two gigabytes. */
#include "rings.h"

const uint8_t much[0x7fffffff] = {1};
