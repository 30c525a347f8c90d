/* SPDX-License-Identifier: BSD-2-Clause */
/* The keyboard: the console's second input. */
#ifndef KEYBOARD_H
#define KEYBOARD_H

#include <stdbool.h>

/* False: there is no keyboard controller. */
bool keyboard_init(void);

#endif
