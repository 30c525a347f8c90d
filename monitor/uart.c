/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of a guest's serial port (PC16550D data sheet, sections 8.1 to 8.8). uart.h says
 * where it differs from a real one: the transmitter is always ready, and what arrives waits.
 *
 * Invariant: after every access IRQ 4 has been told what uart_interrupt() says.
 */
#include "machine.h"
#include "vm.h"

enum uart_register {
	DATA,
	INTERRUPT_ENABLE,
	INTERRUPT_IDENTIFICATION, /* read; FIFO control is written there */
	LINE_CONTROL,
	MODEM_CONTROL,
	LINE_STATUS,
	MODEM_STATUS,
	SCRATCH
};

/* Interrupt enable. */
#define ENABLE_RECEIVED     0x01
#define ENABLE_TRANSMITTER  0x02
#define ENABLE_LINE_STATUS  0x04
#define ENABLE_MODEM_STATUS 0x08
#define ENABLE_ALL          0x0f

/* Interrupt identification, the first of these that is pending. */
#define INTERRUPT_LINE_STATUS  0x06
#define INTERRUPT_RECEIVED     0x04
#define INTERRUPT_TIMEOUT      0x0c
#define INTERRUPT_TRANSMITTER  0x02
#define INTERRUPT_MODEM_STATUS 0x00
#define INTERRUPT_NONE         0x01
#define FIFOS_ENABLED          0xc0

/* FIFO control. */
#define FIFO_ENABLE         0x01
#define FIFO_RESET_RECEIVER 0x02
#define FIFO_KEPT           0xc9
#define FIFO_TRIGGER_SHIFT  6

/* Line control and line status. */
#define WORD_LENGTH       0x03 /* from 5 bits on */
#define TWO_STOP_BITS     0x04
#define PARITY            0x08
#define DIVISOR_LATCH     0x80
#define DATA_READY        0x01
#define OVERRUN           0x02
#define TRANSMITTER_EMPTY 0x60 /* holding and shift register */

/* Modem control and modem status: its high half is the lines, its low half says which changed. */
#define OUT2               0x08
#define LOOPBACK           0x10
#define MODEM_CONTROL_KEPT 0x1f
#define MODEM_LINES        0xf0
#define RING               0x40
#define CONNECTED          0xb0 /* clear to send, data set ready, carrier */

#define TIMEOUT_CHARACTERS 4

/* ---- the interrupt ---- */

static bool uart_has_fifo(const struct uart *uart)
{
	return uart->fifo_control & FIFO_ENABLE;
}

/* How many received bytes are worth an interrupt. */
static unsigned uart_trigger(const struct uart *uart)
{
	static const uint8_t levels[] = {1, 4, 8, 14};

	return uart_has_fifo(uart) ? levels[uart->fifo_control >> FIFO_TRIGGER_SHIFT] : 1;
}

/* The interrupt with the highest priority, as the identification register shows it. */
static uint8_t uart_interrupt(const struct uart *uart)
{
	uint8_t enabled = uart->interrupt_enable;

	if (enabled & ENABLE_LINE_STATUS && uart->overrun)
		return INTERRUPT_LINE_STATUS;
	if (enabled & ENABLE_RECEIVED && uart->count >= uart_trigger(uart))
		return INTERRUPT_RECEIVED;
	if (enabled & ENABLE_RECEIVED && uart->timed_out)
		return INTERRUPT_TIMEOUT;
	if (enabled & ENABLE_TRANSMITTER && uart->transmitter_ready)
		return INTERRUPT_TRANSMITTER;
	if (enabled & ENABLE_MODEM_STATUS && uart->modem_status & ~MODEM_LINES)
		return INTERRUPT_MODEM_STATUS;
	return INTERRUPT_NONE;
}

/* A real chip's OUT2 pin is off during loopback. Its emulations leave it on, and so can a guest
 * test its interrupts there. */
static void uart_update_line(struct vm *vm)
{
	struct uart *uart = &vm->devices.uart;
	bool line = uart->modem_control & OUT2 && uart_interrupt(uart) != INTERRUPT_NONE;

	if (line == uart->line)
		return;
	uart->line = line;
	vm_irq(vm, IRQ_SERIAL, line);
}

/* ---- the receiver ---- */

/* The time of `characters` on the line, in periods of machine time. The chip's clock of 1.8432 MHz
 * has 16 * divisor periods in a bit; 663 / 64 is 16 times the ratio of the two clocks. */
static uint32_t uart_time(const struct uart *uart, uint32_t characters)
{
	uint32_t bits = 1 + 5 + (uart->line_control & WORD_LENGTH) +
			(uart->line_control & PARITY ? 1 : 0) +
			(uart->line_control & TWO_STOP_BITS ? 2 : 1);

	return characters * (bits * uart->divisor * 663 / 64);
}

/* The time without a byte in or out starts anew. */
static void uart_restart_timeout(struct vm *vm)
{
	struct uart *uart = &vm->devices.uart;

	uart->timed_out = false;
	uart->timeout = CLOCK_NEVER;
	if (!uart_has_fifo(uart) || uart->count == 0)
		return;
	uart->timeout = clock_now() + uart_time(uart, TIMEOUT_CHARACTERS);
	vm_deadline_changed(vm);
}

/* A byte has come in, off the wire or round the loop. */
static void uart_accept(struct uart *uart, uint8_t byte)
{
	unsigned depth = uart_has_fifo(uart) ? UART_FIFO : 1;

	if (uart->count < depth) {
		uart->received[(uart->first + uart->count++) % UART_FIFO] = byte;
		return;
	}
	uart->overrun = true;
	if (depth == 1) /* a FIFO keeps the old bytes, the register takes the new one */
		uart->received[uart->first] = byte;
}

/* Takes from the wire what the receiver has room for, and tells whoever waits for it. */
static void uart_fill(struct vm *vm)
{
	struct uart *uart = &vm->devices.uart;
	unsigned depth = uart_has_fifo(uart) ? UART_FIFO : 1;

	while (uart->wire_count && uart->count < depth && !(uart->modem_control & LOOPBACK)) {
		uart_accept(uart, uart->wire[uart->wire_first]);
		uart->wire_first = (uart->wire_first + 1) % UART_WIRE;
		uart->wire_count--;
	}
	uart_restart_timeout(vm);
	uart_update_line(vm);
}

void uart_receive(struct vm *vm, uint8_t byte)
{
	struct uart *uart = &vm->devices.uart;

	if (uart->wire_count < UART_WIRE)
		uart->wire[(uart->wire_first + uart->wire_count++) % UART_WIRE] = byte;
	else
		uart->overrun = true;
	uart_fill(vm);
}

void uart_advance(struct vm *vm, uint64_t now)
{
	struct uart *uart = &vm->devices.uart;

	if (now < uart->timeout)
		return;
	uart->timeout = CLOCK_NEVER;
	uart->timed_out = true;
	uart_update_line(vm);
}

static uint8_t uart_read_data(struct vm *vm)
{
	struct uart *uart = &vm->devices.uart;
	uint8_t byte = uart->received[uart->first];

	if (uart->count == 0)
		return byte;
	uart->first = (uart->first + 1) % UART_FIFO;
	uart->count--;
	uart->timed_out = false;
	uart_update_line(vm); /* it falls, even where it rises again for the next byte */
	uart_fill(vm);
	return byte;
}

/* ---- the transmitter ---- */

static void uart_write_data(struct vm *vm, uint8_t byte)
{
	struct uart *uart = &vm->devices.uart;

	if (uart->modem_control & LOOPBACK) {
		uint8_t bits = 0xff >> (WORD_LENGTH - (uart->line_control & WORD_LENGTH));
		uart_accept(uart, byte & bits);
		uart_fill(vm);
	} else {
		serial_put(byte);
	}
	if (!(uart->interrupt_enable & ENABLE_TRANSMITTER))
		return;
	uart->transmitter_ready = false;
	uart_update_line(vm);
	uart->transmitter_ready = true; /* the byte has left already */
	uart_update_line(vm);
}

/* ---- control ---- */

static void uart_write_interrupt_enable(struct uart *uart, uint8_t value)
{
	/* an empty transmitter says so as soon as it may */
	if (value & ENABLE_TRANSMITTER && !(uart->interrupt_enable & ENABLE_TRANSMITTER))
		uart->transmitter_ready = true;
	uart->interrupt_enable = value & ENABLE_ALL;
}

static void uart_write_fifo_control(struct uart *uart, uint8_t value)
{
	bool switched = (value ^ uart->fifo_control) & FIFO_ENABLE;

	if (!(value & FIFO_ENABLE))
		value = 0; /* the other bits count only where this one is set */
	if (switched || value & FIFO_RESET_RECEIVER)
		uart->count = 0;
	uart->fifo_control = value & FIFO_KEPT;
}

/* The modem's lines: in loopback the chip's own outputs. */
static uint8_t uart_modem_lines(const struct uart *uart)
{
	uint8_t control = uart->modem_control;

	if (!(control & LOOPBACK))
		return CONNECTED;
	/* DTR, RTS, OUT1, OUT2 come back as DSR, CTS, RI, DCD */
	return (uint8_t)((control & 1) << 5 | (control & 2) << 3 | (control & 0x0c) << 4);
}

static void uart_write_modem_control(struct uart *uart, uint8_t value)
{
	uart->modem_control = value & MODEM_CONTROL_KEPT;
	uint8_t lines = uart_modem_lines(uart);
	uint8_t changed = (lines ^ uart->modem_status) & MODEM_LINES;

	if (lines & RING) /* of this one only the end counts */
		changed &= (uint8_t)~RING;
	uart->modem_status = lines | (uart->modem_status & ~MODEM_LINES) | changed >> 4;
}

/* ---- ports ---- */

static uint8_t uart_read_identification(struct vm *vm)
{
	struct uart *uart = &vm->devices.uart;

	if (uart->timeout != CLOCK_NEVER)
		uart_advance(vm, clock_now());
	uint8_t interrupt = uart_interrupt(uart);
	if (interrupt == INTERRUPT_TRANSMITTER) {
		uart->transmitter_ready = false;
		uart_update_line(vm);
	}
	return uart_has_fifo(uart) ? interrupt | FIFOS_ENABLED : interrupt;
}

static uint8_t uart_read_line_status(struct vm *vm)
{
	struct uart *uart = &vm->devices.uart;
	uint8_t status = TRANSMITTER_EMPTY;

	if (uart->count)
		status |= DATA_READY;
	if (uart->overrun) {
		status |= OVERRUN;
		uart->overrun = false;
		uart_update_line(vm);
	}
	return status;
}

static uint8_t uart_read_modem_status(struct vm *vm)
{
	struct uart *uart = &vm->devices.uart;
	uint8_t status = uart->modem_status;

	uart->modem_status &= MODEM_LINES;
	uart_update_line(vm);
	return status;
}

static uint32_t uart_read(struct vm *vm, uint16_t port, unsigned size)
{
	struct uart *uart = &vm->devices.uart;
	bool latch = uart->line_control & DIVISOR_LATCH;

	(void)size;
	switch ((enum uart_register)(port - UART_PORT)) {
	case DATA:
		return latch ? (uint8_t)uart->divisor : uart_read_data(vm);
	case INTERRUPT_ENABLE:
		return latch ? uart->divisor >> 8 : uart->interrupt_enable;
	case INTERRUPT_IDENTIFICATION:
		return uart_read_identification(vm);
	case LINE_CONTROL:
		return uart->line_control;
	case MODEM_CONTROL:
		return uart->modem_control;
	case LINE_STATUS:
		return uart_read_line_status(vm);
	case MODEM_STATUS:
		return uart_read_modem_status(vm);
	case SCRATCH:
		return uart->scratch;
	}
	return 0;
}

static void uart_write(struct vm *vm, uint16_t port, unsigned size, uint32_t value)
{
	struct uart *uart = &vm->devices.uart;
	bool latch = uart->line_control & DIVISOR_LATCH;
	uint8_t byte = (uint8_t)value;

	(void)size;
	switch ((enum uart_register)(port - UART_PORT)) {
	case DATA:
		if (latch)
			uart->divisor = (uart->divisor & 0xff00) | byte;
		else
			uart_write_data(vm, byte);
		return;
	case INTERRUPT_ENABLE:
		if (latch)
			uart->divisor = (uint16_t)((uart->divisor & 0x00ff) | byte << 8);
		else
			uart_write_interrupt_enable(uart, byte);
		break;
	case INTERRUPT_IDENTIFICATION:
		uart_write_fifo_control(uart, byte);
		uart_fill(vm);
		break;
	case LINE_CONTROL:
		uart->line_control = byte;
		break;
	case MODEM_CONTROL:
		uart_write_modem_control(uart, byte);
		uart_fill(vm);
		break;
	case SCRATCH:
		uart->scratch = byte;
		break;
	case LINE_STATUS: /* the chip's maker tests with these two */
	case MODEM_STATUS:
		break;
	}
	uart_update_line(vm);
}

void uart_attach(struct vm *vm)
{
	vm->devices.uart = (struct uart){
		.divisor = 1,
		.modem_status = CONNECTED,
		.transmitter_ready = true,
		.timeout = CLOCK_NEVER,
	};
	bus_attach(&vm->bus, (struct bus_range){.first = UART_PORT,
				     .last = UART_PORT + SCRATCH,
				     .read = uart_read,
				     .write = uart_write});
}
