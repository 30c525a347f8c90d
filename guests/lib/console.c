/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console: COM1 by polling (National Semiconductor PC16550D data sheet, section 8). For each
 * byte the line status is read until it allows one, then the data is written.
 */
#include "guest.h"
#include "uart.h"
#include <stdbool.h>

#define POLLS_LIMIT 100000 /* far longer than a byte takes */

static bool ready;

/* On the first byte and not before: a guest that has printed nothing has touched no port. */
static void console_init(void)
{
	port_write8(UART_IER, 0);
	port_write8(UART_LCR, LCR_DLAB | LCR_8N1);
	port_write8(UART_DATA, UART_DIVISOR);
	port_write8(UART_IER, UART_DIVISOR >> 8);
	port_write8(UART_LCR, LCR_8N1);
	ready = true;
}

void console_put(char byte)
{
	if (!ready)
		console_init();
	for (unsigned polls = 0; polls < POLLS_LIMIT; polls++)
		if (port_read8(UART_LSR) & LSR_THRE)
			break;
	port_write8(UART_DATA, (uint8_t)byte);
}

void console_printf(const char *format, ...)
{
	char text[TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	text_format(text, sizeof(text), format, arguments);
	va_end(arguments);
	for (const char *c = text; *c; c++)
		console_put(*c);
}
