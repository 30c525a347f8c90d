/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UART (National Semiconductor PC16550D data sheet, section 8): its registers, what comes round
 * in loopback, in which order it names its interrupts, and a driver that sends by interrupts.
 *
 * A real UART takes time for each byte, so the guest waits until the transmitter is empty where the
 * next step depends on it. In loopback the interrupts are looked at in the identification register,
 * for the line to the 8259 is masked then.
 */
#include "serial.h"
#include "kernel.h"
#include "uart.h"

#define BASE      0x20
#define IRQ_4     (BASE + 4)
#define POLLS     100000 /* far longer than a FIFO takes at 115200 baud */
#define CHARACTER 5000   /* turns of a loop, longer than one byte takes */

SEEDED char serial_message[SERIAL_MESSAGE] = "interrupts carry this line\n";
SEEDED uint8_t serial_bytes[SERIAL_BYTES] = {1, 2, 3, 5, 8, 13, 21, 34};
SEEDED uint8_t serial_register = 0xa5;

struct serial_results serial_results;

static volatile uint32_t next; /* of serial_message, to be sent */

/* ---- registers ---- */

static void settle(void)
{
	for (unsigned polls = 0; polls < POLLS && !(port_read8(UART_LSR) & LSR_TEMT); polls++)
		;
}

static uint8_t kept(uint16_t port, uint8_t value)
{
	port_write8(port, value);
	return port_read8(port);
}

static void registers(void)
{
	struct serial_results *r = &serial_results;
	uint8_t value = serial_register;

	r->scratch = kept(UART_SCR, value);
	r->interrupt_enable = kept(UART_IER, value);
	port_write8(UART_IER, 0);
	port_write8(UART_LCR, LCR_DLAB | LCR_8N1);
	r->divisor = kept(UART_DATA, value);
	r->divisor |= (uint32_t)kept(UART_IER, value >> 4) << 8;
	port_write8(UART_DATA, 1);
	port_write8(UART_IER, 0);
	r->line_control = kept(UART_LCR, LCR_8N1);
	r->modem_control = kept(UART_MCR, (uint8_t)(value | MCR_LOOP));
	port_write8(UART_MCR, MCR_LINES);
	port_write8(UART_FCR, 0);
	r->identification_plain = port_read8(UART_IIR);
	port_write8(UART_FCR, FCR_ENABLE | FCR_RESET);
	r->identification_fifo = port_read8(UART_IIR);
	r->line_status = port_read8(UART_LSR);
}

/* ---- loopback ---- */

static void loop_begin(uint8_t fifo_control)
{
	port_write8(UART_IER, 0);
	port_write8(UART_MCR, MCR_LOOP);
	port_write8(UART_FCR, FCR_ENABLE | FCR_RESET);
	port_write8(UART_FCR, fifo_control);
	while (port_read8(UART_LSR) & LSR_DR)
		port_read8(UART_DATA);
	port_read8(UART_MSR);
}

static void loop_send(uint8_t byte)
{
	port_write8(UART_DATA, byte);
	settle();
}

static void modem_lines(void)
{
	loop_begin(0);
	for (unsigned i = 0; i < 16; i++) {
		/* every line changes its way at some time */
		port_write8(UART_MCR, (uint8_t)(MCR_LOOP | ((i * 7) & 0x0f)));
		serial_results.modem_status[i] = port_read8(UART_MSR);
	}
}

static void round_the_loop(void)
{
	struct serial_results *r = &serial_results;

	loop_begin(FCR_ENABLE);
	for (unsigned i = 0; i < SERIAL_BYTES; i++) {
		port_write8(UART_DATA, serial_bytes[i]);
		if (i % UART_FIFO != UART_FIFO - 1)
			continue;
		settle();
		while (port_read8(UART_LSR) & LSR_DR && r->received_count < SERIAL_BYTES)
			r->received[r->received_count++] = port_read8(UART_DATA);
	}
}

/* The identification while the receiver's FIFO fills, for each of the four trigger levels. */
static void trigger_levels(void)
{
	for (unsigned level = 0; level < 4; level++) {
		loop_begin((uint8_t)(FCR_ENABLE | level << 6));
		port_write8(UART_IER, IER_DATA);
		for (unsigned i = 0; i < UART_FIFO; i++) {
			loop_send(serial_bytes[i]);
			serial_results.trigger[level][i] = port_read8(UART_IIR);
		}
	}
}

/* Fewer bytes than the level, and then nothing: after four characters' time they count as well. */
static void timeout(void)
{
	uint8_t id = IIR_NONE;

	loop_begin(FCR_ENABLE | FCR_LEVEL_14);
	port_write8(UART_IER, IER_DATA);
	loop_send(serial_bytes[0]);
	loop_send(serial_bytes[1]);
	for (unsigned polls = 0; polls < POLLS && id & IIR_NONE; polls++)
		id = port_read8(UART_IIR);
	serial_results.timeout = id;
	port_read8(UART_DATA);
	port_read8(UART_DATA);
	serial_results.timeout_over = port_read8(UART_IIR);
}

/* Data and modem status are pending at once; then the transmitter, which is taken back by asking.
 */
static void order(void)
{
	uint32_t *id = serial_results.identifications;

	loop_begin(0);
	loop_send(serial_bytes[0]);
	port_write8(UART_MCR, MCR_LOOP | MCR_LINES);
	port_write8(UART_IER, IER_DATA | IER_MODEM);
	*id++ = port_read8(UART_IIR);
	*id++ = port_read8(UART_IIR); /* asking takes neither back */
	port_read8(UART_DATA);
	*id++ = port_read8(UART_IIR);
	port_read8(UART_MSR);
	*id++ = port_read8(UART_IIR);
	port_write8(UART_IER, IER_THRE);
	*id++ = port_read8(UART_IIR);
	*id++ = port_read8(UART_IIR);
	port_write8(UART_IER, 0);
	port_write8(UART_IER, IER_THRE);
	port_write8(UART_IER, 0); /* it is there, and not enabled */
	*id++ = port_read8(UART_IIR);
}

/* A second byte comes before the first is read: the receiver's register has one place. */
static void overrun(void)
{
	uint32_t *id = serial_results.overrun;

	loop_begin(0);
	port_write8(UART_IER, IER_DATA | IER_LINE | IER_THRE);
	loop_send(serial_bytes[0]);
	port_write8(UART_DATA, serial_bytes[1]);
	for (volatile unsigned i = 0; i < CHARACTER; i++)
		; /* reading the line status would take the overrun back */
	*id++ = port_read8(UART_IIR);
	*id++ = port_read8(UART_LSR);
	*id++ = port_read8(UART_IIR);
	*id++ = port_read8(UART_DATA);
	*id++ = port_read8(UART_IIR);
	*id++ = port_read8(UART_IIR);
	port_write8(UART_IER, 0);
}

/* ---- the driver ---- */

static void on_interrupt(struct frame *frame)
{
	uint8_t id = port_read8(UART_IIR) & IIR_ID;

	(void)frame;
	serial_results.interrupts++;
	if (id & IIR_NONE)
		serial_results.none_pending++;
	if (id == IIR_THRE) {
		for (unsigned i = 0; i < UART_FIFO && serial_message[next]; i++) {
			port_write8(UART_DATA, (uint8_t)serial_message[next++]);
			serial_results.sent++;
		}
		if (!serial_message[next])
			port_write8(UART_IER, 0);
	}
	pic_end(4);
}

static void send(void)
{
	port_write8(UART_MCR, MCR_LINES);
	port_write8(UART_FCR, FCR_ENABLE | FCR_RESET);
	handler_set(IRQ_4, on_interrupt);
	pic_init(BASE, BASE + 8);
	pic_mask((uint16_t) ~(1u << 4));
	port_write8(UART_IER, IER_THRE);
	/* the message is looked at with interrupts off, so that the last one is not slept through
	 */
	while (serial_message[next]) {
		interrupt_wait();
		interrupts_disable();
	}
	settle();
}

void kernel_main(uint32_t info)
{
	(void)info;
	kernel_tables_load();
	registers();
	modem_lines();
	round_the_loop();
	trigger_levels();
	timeout();
	order();
	overrun();
	send();
	console_printf("serial: %u bytes in %u interrupts\n", serial_results.sent,
		serial_results.interrupts);
}
