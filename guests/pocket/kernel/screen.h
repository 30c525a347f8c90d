/* SPDX-License-Identifier: BSD-2-Clause */
/* The text screen. */
#ifndef SCREEN_H
#define SCREEN_H

void screen_init(void);

/* One character behind the last. Knows \n, \b and \t; the screen scrolls when it is full. */
void screen_put(char c);

#endif
