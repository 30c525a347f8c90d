/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console by interrupts (PC16550D data sheet, 8.6): characters wait in a queue, and each time
 * that the transmitter is empty the interrupt handler gives it up to sixteen.
 *
 * Invariant: while the queue is not empty the transmitter's interrupt is enabled. The queue is
 * changed with interrupts off.
 */
#include "kernel.h"
#include "ticker.h"
#include "uart.h"

#define QUEUE 64 /* a power of two; shorter than what the tasks print, so that it fills */

static volatile uint8_t queue[QUEUE];
static volatile uint32_t first, count;

static void on_interrupt(struct frame *frame)
{
	(void)frame;
	ticker_counters.serial_interrupts++;
	if ((port_read8(UART_IIR) & IIR_ID) == IIR_THRE) {
		for (unsigned i = 0; i < UART_FIFO && count > 0; i++) {
			port_write8(UART_DATA, queue[first]);
			first = (first + 1) % QUEUE;
			count = count - 1;
		}
		if (count == 0)
			port_write8(UART_IER, 0);
	}
	pic_end(4);
}

void output_init(void)
{
	port_write8(UART_IER, 0);
	port_write8(UART_LCR, LCR_DLAB | LCR_8N1);
	port_write8(UART_DATA, UART_DIVISOR);
	port_write8(UART_IER, 0);
	port_write8(UART_LCR, LCR_8N1);
	port_write8(UART_FCR, FCR_ENABLE | FCR_RESET);
	port_write8(UART_MCR, MCR_LINES);
	handler_set(0x20 + 4, on_interrupt);
}

void output_put(uint8_t byte)
{
	interrupts_disable();
	while (count == QUEUE) {
		interrupt_wait();
		interrupts_disable();
	}
	queue[(first + count) % QUEUE] = byte;
	count = count + 1;
	if (count == 1)
		port_write8(UART_IER, IER_THRE);
	interrupts_enable();
}

void output_flush(void)
{
	interrupts_disable();
	while (count > 0) {
		interrupt_wait();
		interrupts_disable();
	}
	interrupts_enable();
	while (!(port_read8(UART_LSR) & LSR_TEMT))
		;
}
