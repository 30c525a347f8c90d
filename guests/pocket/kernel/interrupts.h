/* SPDX-License-Identifier: BSD-2-Clause */
/* The interrupts of devices: the two 8259 interrupt controllers of a PC. */
#ifndef INTERRUPTS_H
#define INTERRUPTS_H

#define IRQ_TIMER      0
#define IRQ_KEYBOARD   1
#define IRQ_CASCADE    2 /* the second controller's output */
#define IRQ_COM1       4
#define IRQ_IDE_FIRST  14
#define IRQ_IDE_SECOND 15

/* Programs the controllers: IRQ n comes as vector VECTOR_IRQ + n, and all are masked. */
void interrupts_init(void);

/* `handler` is called for each interrupt `irq` from now on, with interrupts off. */
void interrupt_attach(unsigned irq, void (*handler)(void));

/* Called by traps.c. */
void interrupt_handle(unsigned irq);

#endif
