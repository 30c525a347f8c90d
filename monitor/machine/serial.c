/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * COM1, the guests' console: 115200 baud, 8 bits, no parity, one stop bit (PC16550D data sheet,
 * section 8). Bytes are sent by polling; one that arrives interrupts.
 */
#include "cpu.h"
#include "machine.h"

#define COM1         0x3f8
#define UART_DATA    (COM1 + 0)
#define UART_IER     (COM1 + 1)
#define UART_FCR     (COM1 + 2)
#define UART_LCR     (COM1 + 3)
#define UART_MCR     (COM1 + 4)
#define UART_LSR     (COM1 + 5)
#define LCR_8N1      0x03
#define LCR_DLAB     0x80
#define FCR_ENABLE   0x07 /* FIFOs on, both emptied */
#define IER_RECEIVED 0x01
#define MCR_DTR_RTS  0x03
#define MCR_OUT2     0x08 /* lets the interrupt through to IRQ 4 */
#define LSR_RECEIVED 0x01
#define LSR_TEMT     0x40 /* the last bit has left */
#define LSR_THRE     0x20
#define DIVISOR      1       /* 115200 baud */
#define WAIT_LIMIT   1000000 /* polls; far longer than a byte takes */

static bool absent; /* no UART answers */

void serial_init(void)
{
	port_write8(UART_IER, 0);
	port_write8(UART_LCR, LCR_DLAB | LCR_8N1);
	port_write8(UART_DATA, DIVISOR);
	port_write8(UART_IER, DIVISOR >> 8);
	port_write8(UART_LCR, LCR_8N1);
	port_write8(UART_FCR, FCR_ENABLE);
	port_write8(UART_MCR, MCR_DTR_RTS | MCR_OUT2);
	port_write8(UART_IER, IER_RECEIVED);
	absent = port_read8(UART_LSR) == 0xff;
}

/* Waits for a bit of the line status register; a UART that never sets it counts as absent. */
static bool serial_wait(uint8_t status)
{
	for (unsigned wait = 0; !absent && !(port_read8(UART_LSR) & status); wait++)
		absent = wait == WAIT_LIMIT;
	return !absent;
}

void serial_put(uint8_t byte)
{
	if (serial_wait(LSR_THRE))
		port_write8(UART_DATA, byte);
}

void serial_flush(void)
{
	serial_wait(LSR_TEMT);
}

int serial_get(void)
{
	if (absent || !(port_read8(UART_LSR) & LSR_RECEIVED))
		return -1;
	return port_read8(UART_DATA);
}
