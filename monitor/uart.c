/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of a guest's serial port. uart.h says how much of a 16550 this is. */
#include "machine.h"
#include "vm.h"

enum uart_register {
	DATA,
	INTERRUPT_ENABLE,
	FIFO_CONTROL,
	LINE_CONTROL,
	MODEM_CONTROL,
	LINE_STATUS,
	MODEM_STATUS,
	SCRATCH
};

#define DIVISOR_LATCH        0x80 /* in the line control register */
#define NO_INTERRUPT_PENDING 0x01 /* interrupt identification, at FIFO control's port */
#define TRANSMITTER_EMPTY    0x60 /* line status: holding and shift register */
#define CARRIER              0xb0 /* modem status: clear to send, data set ready, carrier */

static uint32_t uart_read(struct vm *vm, uint16_t port, unsigned size)
{
	const struct uart *uart = &vm->uart;
	bool latch = uart->line_control & DIVISOR_LATCH;

	(void)size;
	switch ((enum uart_register)(port - UART_PORT)) {
	case DATA:
		return latch ? uart->divisor_low : 0;
	case INTERRUPT_ENABLE:
		return latch ? uart->divisor_high : uart->interrupt_enable;
	case FIFO_CONTROL:
		return NO_INTERRUPT_PENDING;
	case LINE_CONTROL:
		return uart->line_control;
	case MODEM_CONTROL:
		return uart->modem_control;
	case LINE_STATUS:
		return TRANSMITTER_EMPTY;
	case MODEM_STATUS:
		return CARRIER;
	case SCRATCH:
		return uart->scratch;
	}
	return 0;
}

static void uart_write(struct vm *vm, uint16_t port, unsigned size, uint32_t value)
{
	struct uart *uart = &vm->uart;
	bool latch = uart->line_control & DIVISOR_LATCH;
	uint8_t byte = (uint8_t)value;

	(void)size;
	switch ((enum uart_register)(port - UART_PORT)) {
	case DATA:
		if (latch)
			uart->divisor_low = byte;
		else
			serial_put(byte);
		break;
	case INTERRUPT_ENABLE:
		if (latch)
			uart->divisor_high = byte;
		else
			uart->interrupt_enable = byte & 0x0f;
		break;
	case LINE_CONTROL:
		uart->line_control = byte;
		break;
	case MODEM_CONTROL:
		uart->modem_control = byte & 0x1f;
		break;
	case SCRATCH:
		uart->scratch = byte;
		break;
	case FIFO_CONTROL:
	case LINE_STATUS:
	case MODEM_STATUS:
		break;
	}
}

void uart_attach(struct vm *vm)
{
	bus_attach(&vm->bus,
		(struct bus_range){UART_PORT, UART_PORT + SCRATCH, uart_read, uart_write});
}
