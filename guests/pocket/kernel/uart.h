/* SPDX-License-Identifier: BSD-2-Clause */
/* COM1: the serial line of the console, driven by interrupts. */
#ifndef UART_H
#define UART_H

#include <stdbool.h>

/* 115200 baud, 8 bits, no parity. False: there is no UART. */
bool uart_init(void);

/*
 * Queues a byte to be sent. Where the queue is full: sleeps until there is room if `may_sleep`,
 * otherwise waits for the line itself, which works with interrupts off.
 */
void uart_put(char byte, bool may_sleep);

/* Sends all that is queued, without interrupts. */
void uart_drain(void);

#endif
