/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real interrupt controllers and timer. The monitor never runs with interrupts on; they
 * arrive while a guest runs, whose real IF is always 1, and that is what brings the processor
 * back to the monitor from a guest that loops for ever.
 *
 * Intel 8259A data sheet (initialization and operation command words), 8254 data sheet
 * (control word, mode 2).
 */
#include "clock.h"
#include "cpu.h"
#include "machine.h"

#define MASTER_COMMAND 0x20
#define MASTER_DATA    0x21
#define SLAVE_COMMAND  0xa0
#define SLAVE_DATA     0xa1
#define ICW1_INIT      0x11 /* edge triggered, cascaded, ICW4 follows */
#define ICW4_8086      0x01
#define CASCADE_IRQ    2
#define OCW2_EOI       0x20
#define OCW3_READ_ISR  0x0b
#define SPURIOUS_IRQ   7

#define PIT_CHANNEL0 0x40
#define PIT_CONTROL  0x43
#define PIT_ONE_SHOT                                                                               \
	0x30 /* channel 0, low byte then high byte, mode 0: one interrupt at the end               \
	      */
#define PIT_TICK (CLOCK_HZ / TICKS_PER_SECOND)
#define PIT_SOONEST                                                                                \
	24 /* 20 us: a guest that asks for more interrupts still gets something done               \
	    */

#define KEYBOARD_DATA 0x60

static uint32_t ticks; /* timer interrupts */

void interrupts_init(void)
{
	port_write8(MASTER_COMMAND, ICW1_INIT);
	port_write8(SLAVE_COMMAND, ICW1_INIT);
	port_write8(MASTER_DATA, VECTOR_IRQ);
	port_write8(SLAVE_DATA, VECTOR_IRQ + 8);
	port_write8(MASTER_DATA, 1u << CASCADE_IRQ);
	port_write8(SLAVE_DATA, CASCADE_IRQ);
	port_write8(MASTER_DATA, ICW4_8086);
	port_write8(SLAVE_DATA, ICW4_8086);
	port_write8(
		MASTER_DATA, (uint8_t) ~(1u << IRQ_TIMER | 1u << IRQ_KEYBOARD | 1u << IRQ_SERIAL));
	port_write8(SLAVE_DATA, 0xff);
	port_write8(PIT_CONTROL, PIT_ONE_SHOT);
	timer_set(clock_now(), CLOCK_NEVER);
}

/* Writing a count starts it anew. The 8254's output, and with it the request, rises one period
 * after it has come to 0. */
void timer_set(uint64_t now, uint64_t deadline)
{
	uint32_t wait = PIT_TICK;

	if (deadline < now + PIT_SOONEST)
		wait = PIT_SOONEST;
	else if (deadline < now + PIT_TICK)
		wait = (uint32_t)(deadline - now);
	port_write8(PIT_CHANNEL0, (uint8_t)wait);
	port_write8(PIT_CHANNEL0, (uint8_t)(wait >> 8));
}

/* A request that went away before it was taken shows up as the lowest one, with no bit in
 * service (8259A, "spurious"); it must not be ended. */
static bool interrupt_in_service(unsigned irq)
{
	uint16_t command = irq < 8 ? MASTER_COMMAND : SLAVE_COMMAND;

	port_write8(command, OCW3_READ_ISR);
	return port_read8(command) >> irq % 8 & 1;
}

bool interrupt_acknowledge(unsigned irq)
{
	if (irq % 8 == SPURIOUS_IRQ && !interrupt_in_service(irq)) {
		if (irq >= 8)
			port_write8(MASTER_COMMAND, OCW2_EOI); /* the cascade was in service */
		return false;
	}
	if (irq >= 8)
		port_write8(SLAVE_COMMAND, OCW2_EOI);
	port_write8(MASTER_COMMAND, OCW2_EOI);
	if (irq == IRQ_TIMER)
		ticks++;
	return true;
}

uint8_t keyboard_get(void)
{
	return port_read8(KEYBOARD_DATA);
}
