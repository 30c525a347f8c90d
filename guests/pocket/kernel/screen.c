/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VGA's text buffer: 25 rows of 80 cells, each a character and, in its upper byte, its colours
 * (IBM VGA, mode 3, which the BIOS has set). It is memory; no port is needed. The hardware's cursor
 * stays where the BIOS left it.
 */
#include "screen.h"

#include "lock.h"
#include "string.h"

#define BUFFER  ((uint16_t *)0xb8000)
#define ROWS    25u
#define COLUMNS 80u
#define TAB     8u
#define BLANK   0x0720 /* a space, light grey on black */

static struct lock lock = {.name = "screen"};
static unsigned row, column;

static void row_clear(unsigned which)
{
	for (unsigned i = 0; i < COLUMNS; i++)
		BUFFER[which * COLUMNS + i] = BLANK;
}

void screen_init(void)
{
	for (unsigned i = 0; i < ROWS; i++)
		row_clear(i);
}

static void line_end(void)
{
	column = 0;
	if (++row < ROWS)
		return;
	row = ROWS - 1;
	memmove(BUFFER, BUFFER + COLUMNS, row * COLUMNS * sizeof(*BUFFER));
	row_clear(row);
}

static void cell_write(char c)
{
	BUFFER[row * COLUMNS + column] = (uint16_t)((BLANK & 0xff00) | (uint8_t)c);
	if (++column == COLUMNS)
		line_end();
}

void screen_put(char c)
{
	uint32_t flags = lock_acquire(&lock);

	switch (c) {
	case '\n':
		line_end();
		break;
	case '\b':
		if (column > 0)
			column--;
		break;
	case '\t':
		do
			cell_write(' ');
		while (column % TAB != 0);
		break;
	default:
		cell_write(c);
	}
	lock_release(&lock, flags);
}
