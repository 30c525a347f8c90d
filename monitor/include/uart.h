/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's serial port: the registers of a 16550 (National Semiconductor PC16550D data
 * sheet, section 8), as far as a driver that polls can tell. What the guest sends goes to the
 * machine's COM1; nothing ever arrives.
 */
#ifndef UART_H
#define UART_H

#include "types.h"

#define UART_PORT 0x3f8 /* COM1 */

struct vm;

struct uart {
	uint8_t interrupt_enable;
	uint8_t line_control;
	uint8_t modem_control;
	uint8_t scratch;
	uint8_t divisor_low, divisor_high;
};

void uart_attach(struct vm *vm);

#endif
