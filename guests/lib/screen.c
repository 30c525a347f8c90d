/* SPDX-License-Identifier: BSD-2-Clause */
/* The screen: a character and its colours for each cell, in memory (IBM VGA, text mode 3). */
#include "guest.h"

#define SCREEN_ADDRESS 0xb8000u
#define SCREEN_COLUMNS 80u
#define SCREEN_COLOURS 0x0700u /* light grey on black, in the upper byte of a cell */

void screen_write(unsigned row, const char *text)
{
	volatile uint16_t *cell = (volatile uint16_t *)SCREEN_ADDRESS + row * SCREEN_COLUMNS;

	for (unsigned column = 0; column < SCREEN_COLUMNS; column++)
		cell[column] = (uint16_t)(SCREEN_COLOURS | (uint8_t)(*text ? *text++ : ' '));
}
