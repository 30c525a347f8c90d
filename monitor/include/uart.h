/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's serial port, COM1: a National Semiconductor PC16550D (data sheet, section 8) with the
 * PC's wiring, where the modem control register's OUT2 lets the interrupt line through to IRQ 4.
 *
 * What the guest sends goes to the machine's own COM1 at once: the transmitter takes no time, so it
 * is always ready, and its interrupt is pending again right after each byte.
 *
 * What arrives waits on the wire for as long as the receiver is full. A real line does not wait;
 * but the monitor brings what arrived in bursts, and a guest that would be in time on the bare
 * machine shall not lose any of it here. Only a full wire is an overrun.
 */
#ifndef UART_H
#define UART_H

#include "types.h"

#define UART_PORT 0x3f8 /* COM1 */
#define UART_FIFO 16    /* bytes of the receiver's FIFO */
#define UART_WIRE 64    /* bytes that wait for it */

struct uart {
	uint8_t interrupt_enable; /* the registers, by their names */
	uint8_t fifo_control;
	uint8_t line_control;
	uint8_t modem_control;
	uint8_t modem_status;
	uint8_t scratch;
	uint16_t divisor;
	bool overrun;           /* line status, bit 1 */
	bool transmitter_ready; /* the transmitter's interrupt, which reading IIR takes back */
	bool timed_out;         /* the character timeout */
	bool line;              /* what IRQ 4 was told last */
	uint8_t first, count;   /* of `received` */
	uint8_t wire_first, wire_count;
	uint8_t received[UART_FIFO];
	uint8_t wire[UART_WIRE];
	uint64_t timeout; /* when the character timeout comes, or CLOCK_NEVER */
};

struct vm;

void uart_attach(struct vm *vm);
void uart_advance(struct vm *vm, uint64_t now);

/* A byte arrives from outside. */
void uart_receive(struct vm *vm, uint8_t byte);

#endif
