/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt request lines that go up and down when the guest says so, without waiting for anything
 * from outside.
 *
 * IRQ 0: counter 0 of the timer in mode 0 (data sheet 231164): a control word makes OUT low; the
 * end of the count makes it high, and so it stays. IRQ 4: the UART's transmitter is empty
 * (PC16550D): its interrupt is there as soon as it is enabled. IRQ 8: the clock's periodic
 * interrupt (MC146818A): the line stays up until register C is read.
 */
#include "interrupts.h"
#include "kernel.h"
#include "uart.h"

#define PIT_0       0x40
#define PIT_2       0x42
#define PIT_CONTROL 0x43
#define PIT_GATE    0x61
#define ONE_SHOT_0  0x30 /* counter 0, low byte then high byte, mode 0 */
#define ONE_SHOT_2  0xb0
#define READ_BACK_0 0xe2 /* the status of counter 0 */
#define STATUS_OUT  0x80
#define GATE_2      0x01
#define OUT_2       0x20

#define CMOS_ADDRESS 0x70
#define CMOS_DATA    0x71
#define REGISTER_A   0x0a
#define REGISTER_B   0x0b
#define REGISTER_C   0x0c
#define RATE_8192    0x23
#define RATE_NONE    0x20
#define B_PERIODIC   0x42 /* and 24 hours */
#define B_NONE       0x02

#define PERIOD 400    /* clocks of the timer: more than two periods of 1/8192 s */
#define POLLS  200000 /* far longer than anything here takes */

static uint8_t clock_read(uint8_t address)
{
	port_write8(CMOS_ADDRESS, address);
	return port_read8(CMOS_DATA);
}

static void clock_write(uint8_t address, uint8_t value)
{
	port_write8(CMOS_ADDRESS, address);
	port_write8(CMOS_DATA, value);
}

/* Waits for so many clocks, by counter 2. */
static void wait_clocks(uint16_t clocks)
{
	port_write8(PIT_GATE, GATE_2);
	port_write8(PIT_CONTROL, ONE_SHOT_2);
	port_write8(PIT_2, (uint8_t)clocks);
	port_write8(PIT_2, (uint8_t)(clocks >> 8));
	for (unsigned polls = 0; polls < POLLS && !(port_read8(PIT_GATE) & OUT_2); polls++)
		;
}

static int timer_raise(void)
{
	port_write8(PIT_CONTROL, ONE_SHOT_0);
	port_write8(PIT_0, 20);
	port_write8(PIT_0, 0);
	for (unsigned polls = 0; polls < POLLS; polls++) {
		port_write8(PIT_CONTROL, READ_BACK_0);
		if (port_read8(PIT_0) & STATUS_OUT)
			return 1;
	}
	return 0;
}

int line_raise(unsigned irq)
{
	switch (irq) {
	case 0:
		return timer_raise();
	case 4:
		port_write8(UART_IER, IER_THRE);
		return 1;
	case 8:
		clock_write(REGISTER_A, RATE_8192);
		clock_write(REGISTER_B, B_PERIODIC);
		wait_clocks(PERIOD);
		return 1;
	default:
		return 0;
	}
}

void line_lower(unsigned irq)
{
	switch (irq) {
	case 0:
		port_write8(PIT_CONTROL, ONE_SHOT_0);
		break;
	case 4:
		port_write8(UART_IER, 0);
		break;
	case 8:
		clock_write(REGISTER_B, B_NONE);
		clock_write(REGISTER_A, RATE_NONE);
		clock_read(REGISTER_C);
		break;
	}
}

void lines_prepare(void)
{
	port_write8(UART_LCR, LCR_8N1);
	port_write8(UART_FCR, 0);
	port_write8(UART_MCR, MCR_LINES);
	for (unsigned polls = 0; polls < POLLS && !(port_read8(UART_LSR) & LSR_TEMT); polls++)
		;
	line_lower(0);
	line_lower(4);
	line_lower(8);
}
