/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two 8259A controllers, the second behind input 2 of the first (Intel 8259A data sheet). The BIOS
 * leaves IRQ 0 to 7 at vectors 8 to 15, on top of the exceptions, so they must move.
 */
#include "interrupts.h"

#include "cpu.h"
#include "panic.h"

#define FIRST      0x20 /* command port; the data port follows */
#define SECOND     0xa0
#define DATA(base) ((base) + 1)
#define PER_CHIP   8u

#define ICW1      0x11 /* edge triggered, cascaded, ICW4 follows */
#define ICW4_8086 0x01
#define OCW2_EOI  0x20 /* of the interrupt in service with the highest priority */
#define OCW3_ISR  0x0b /* the next read gives the in-service register */

static void (*handlers[IRQS])(void);
static uint16_t mask; /* of IRQs; 1: off */

static void mask_write(void)
{
	port_write(DATA(FIRST), (uint8_t)mask);
	port_write(DATA(SECOND), (uint8_t)(mask >> PER_CHIP));
}

/* ICW1 to ICW4. `cascade`: to the first chip a bit map, to the second its own number. */
static void chip_init(uint16_t base, uint8_t vector, uint8_t cascade)
{
	port_write(base, ICW1);
	port_write(DATA(base), vector);
	port_write(DATA(base), cascade);
	port_write(DATA(base), ICW4_8086);
}

void interrupts_init(void)
{
	chip_init(FIRST, VECTOR_IRQ, 1 << IRQ_CASCADE);
	chip_init(SECOND, VECTOR_IRQ + PER_CHIP, IRQ_CASCADE);
	mask = (uint16_t) ~(1u << IRQ_CASCADE);
	mask_write();
}

void interrupt_attach(unsigned irq, void (*handler)(void))
{
	uint32_t flags = interrupts_disable();

	handlers[irq] = handler;
	mask &= (uint16_t) ~(1u << irq);
	mask_write();
	interrupts_restore(flags);
}

/* A request that went away before it was taken comes as the chip's input 7, and is not in service.
 */
static bool interrupt_is_spurious(unsigned irq)
{
	if (irq % PER_CHIP != PER_CHIP - 1)
		return false;
	uint16_t base = irq < PER_CHIP ? FIRST : SECOND;
	port_write(base, OCW3_ISR);
	return !(port_read(base) & 1u << (PER_CHIP - 1));
}

void interrupt_handle(unsigned irq)
{
	bool spurious = interrupt_is_spurious(irq);

	if (!spurious && !handlers[irq])
		panic("nobody handles interrupt %u", irq);
	if (!spurious)
		handlers[irq]();
	/* the first chip took a spurious interrupt of the second for a real one */
	if (irq >= PER_CHIP && !spurious)
		port_write(SECOND, OCW2_EOI);
	if (irq >= PER_CHIP || !spurious)
		port_write(FIRST, OCW2_EOI);
}
