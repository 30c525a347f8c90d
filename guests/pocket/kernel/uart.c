/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A 16550A UART (National Semiconductor PC16550D data sheet, section 8).
 *
 * What is to be sent waits in a ring. While the transmitter is busy, the interrupt that says that
 * it has become empty fetches the next bytes; when it is idle, uart_put() starts it. A byte that
 * arrives goes to the console, whose input buffer is the ring of the other direction.
 */
#include "uart.h"

#include "console.h"
#include "cpu.h"
#include "interrupts.h"
#include "lock.h"
#include "ring.h"
#include "task.h"

#define COM1    0x3f8
#define DATA    (COM1 + 0)
#define IER     (COM1 + 1) /* interrupt enable */
#define IIR     (COM1 + 2) /* interrupt identification, read */
#define FCR     (COM1 + 2) /* FIFO control, written */
#define LCR     (COM1 + 3) /* line control */
#define MCR     (COM1 + 4) /* modem control */
#define LSR     (COM1 + 5) /* line status */
#define SCRATCH (COM1 + 7)

#define IER_RECEIVED 0x01
#define IER_EMPTY    0x02
#define IIR_NONE     0x01
#define FCR_ON       0x07 /* both FIFOs on and cleared; an interrupt for each byte received */
#define LCR_8N1      0x03
#define LCR_DLAB     0x80 /* DATA and IER are the divisor */
#define MCR_DTR_RTS  0x03
#define MCR_OUT2     0x08 /* on a PC: lets the interrupt through to the 8259 */
#define LSR_READY    0x01
#define LSR_THRE     0x20 /* room for FIFO_BYTES */
#define DIVISOR      1    /* 115200 baud */
#define FIFO_BYTES   16u
#define POLLS_MAX    100000u

static struct lock lock = {.name = "uart"};
static struct ring output;
static bool present;
static bool busy; /* the transmitter has bytes: it will interrupt when they have left */

/* Hands the next bytes to the transmitter, which is empty. */
static void transmitter_fill(void)
{
	unsigned sent;

	for (sent = 0; sent < FIFO_BYTES && !ring_is_empty(&output); sent++)
		port_write(DATA, (uint8_t)ring_get(&output));
	busy = sent > 0;
}

/* For when interrupts are off: waits until the transmitter is empty and fills it. A line that never
 * becomes ready is given up. */
static void transmitter_poll(void)
{
	for (unsigned i = 0; i < POLLS_MAX && !(port_read(LSR) & LSR_THRE); i++)
		;
	transmitter_fill();
}

static void transmitter_ready(void)
{
	uint32_t flags = lock_acquire(&lock);

	transmitter_fill();
	task_wake(&output);
	lock_release(&lock, flags);
}

/* Reading IIR takes back the transmitter's request; reading the data, the receiver's. */
static void uart_interrupt(void)
{
	while (!(port_read(IIR) & IIR_NONE)) {
		uint8_t status = port_read(LSR);
		if (status & LSR_THRE)
			transmitter_ready();
		if (status & LSR_READY)
			console_input((char)port_read(DATA));
	}
}

/* Any other device, or none, does not keep what is written to the scratch register. */
static bool uart_is_there(void)
{
	port_write(SCRATCH, 0x5a);
	if (port_read(SCRATCH) != 0x5a)
		return false;
	port_write(SCRATCH, 0xa5);
	return port_read(SCRATCH) == 0xa5;
}

bool uart_init(void)
{
	present = uart_is_there();
	if (!present)
		return false;
	port_write(IER, 0);
	port_write(LCR, LCR_DLAB | LCR_8N1);
	port_write(DATA, DIVISOR);
	port_write(IER, DIVISOR >> 8);
	port_write(LCR, LCR_8N1);
	port_write(FCR, FCR_ON);
	port_write(MCR, MCR_DTR_RTS | MCR_OUT2);
	interrupt_attach(IRQ_COM1, uart_interrupt);
	port_write(IER, IER_RECEIVED | IER_EMPTY);
	return true;
}

void uart_put(char byte, bool may_sleep)
{
	if (!present)
		return;
	uint32_t flags = lock_acquire(&lock);
	while (ring_is_full(&output)) {
		if (may_sleep)
			task_sleep(&output, &lock);
		else
			transmitter_poll();
	}
	ring_put(&output, byte);
	if (!busy)
		transmitter_fill();
	lock_release(&lock, flags);
}

void uart_drain(void)
{
	while (present && !ring_is_empty(&output))
		transmitter_poll();
}
