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

#define COM1 0x3f8
#define DATA (COM1 + 0)
#define IER  (COM1 + 1)
#define IIR  (COM1 + 2)
#define FCR  (COM1 + 2)
#define LCR  (COM1 + 3)
#define MCR  (COM1 + 4)
#define LSR  (COM1 + 5)

#define IER_THRE  0x02
#define IIR_ID    0x0f
#define IIR_THRE  0x02
#define FCR_FIFOS 0x07 /* on, and empty */
#define LCR_8N1   0x03
#define LCR_DLAB  0x80
#define MCR_LINES 0x0b /* DTR, RTS, and OUT2: the interrupt's way to IRQ 4 */
#define LSR_TEMT  0x40

#define FIFO  16
#define QUEUE 64 /* a power of two; shorter than what the tasks print, so that it fills */

static volatile uint8_t queue[QUEUE];
static volatile uint32_t first, count;

static void on_interrupt(struct frame *frame)
{
	(void)frame;
	ticker_counters.serial_interrupts++;
	if ((port_read8(IIR) & IIR_ID) == IIR_THRE) {
		for (unsigned i = 0; i < FIFO && count > 0; i++) {
			port_write8(DATA, queue[first]);
			first = (first + 1) % QUEUE;
			count = count - 1;
		}
		if (count == 0)
			port_write8(IER, 0);
	}
	pic_end(4);
}

void output_init(void)
{
	port_write8(IER, 0);
	port_write8(LCR, LCR_DLAB | LCR_8N1);
	port_write8(DATA, 1);
	port_write8(IER, 0);
	port_write8(LCR, LCR_8N1);
	port_write8(FCR, FCR_FIFOS);
	port_write8(MCR, MCR_LINES);
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
		port_write8(IER, IER_THRE);
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
	while (!(port_read8(LSR) & LSR_TEMT))
		;
}
