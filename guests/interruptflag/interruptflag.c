/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that watches one bit: when does EFLAGS.IF let an interrupt in, and who changes it (Intel
 * SDM volume 3A, 6.8; volume 2, CLI, STI, HLT, MOV)?
 *
 * The interrupt does not depend on time. The UART requests IRQ 4 as soon as it is told to do so
 * when it has nothing to send. So each probe begins with IF = 0 and a request that waits.
 */
#include "probe.h"

#define COM1     0x3f8
#define UART_IER (COM1 + 1)
#define UART_IIR (COM1 + 2)
#define UART_MCR (COM1 + 4)
#define UART_LSR (COM1 + 5)
#define IER_THRE 0x02 /* interrupt when the transmitter holding register is empty */
#define MCR_OUT2 0x08 /* lets the UART's interrupt out, on a PC */
#define LSR_TEMT 0x40

#define IRQ 4

#define STEPS 64

/* Who ran, in order, in the part that nests handlers; and the EFLAGS that they found. */
struct interruptflag_step {
	uint32_t who, eflags;
} interruptflag_steps[STEPS];
uint32_t interruptflag_step_count;

/* Nothing is on its way, so that the request comes at once. */
static void uart_wait(void)
{
	while (!(port_read8(UART_LSR) & LSR_TEMT))
		;
}

static void request(void)
{
	port_write8(UART_IER, IER_THRE);
}

/* As pic_init() leaves it, but for one. The request is taken back. */
static void reset(void)
{
	port_write8(UART_IER, 0);
	port_read8(UART_IIR);
	pic_init(0x20, 0x28);
	pic_mask((uint16_t) ~(1u << IRQ));
}

/* Before a probe that wants a waiting request. */
void interruptflag_request(void)
{
	request();
}

/* A request that the controller masks. */
void interruptflag_request_masked(void)
{
	pic_mask(0xffff);
	request();
}

static void step(uint32_t who, uint32_t eflags)
{
	if (interruptflag_step_count < STEPS)
		interruptflag_steps[interruptflag_step_count++] =
			(struct interruptflag_step){who, eflags};
}

#define OUTER    0x70 /* interrupt gate */
#define OUTER_ON 0x71 /* trap gate, DPL 0 */
#define INNER    0x72
#define LOOK     0x73 /* shows EFLAGS */

static void look(struct frame *frame)
{
	step(LOOK, frame->eflags);
}

static void inner(struct frame *frame)
{
	step(INNER, frame->eflags);
	software_interrupt(LOOK);
}

static void outer(struct frame *frame)
{
	step(frame->vector, frame->eflags);
	software_interrupt(LOOK);
	software_interrupt(INNER);
	software_interrupt(LOOK);
	interrupts_enable();
	software_interrupt(INNER);
	software_interrupt(LOOK);
	interrupts_disable();
	software_interrupt(LOOK);
}

static void irq(struct frame *frame)
{
	step(frame->vector, frame->eflags);
	port_read8(UART_IIR);
	pic_end(IRQ);
}

/* Returns with interrupts off. */
static void irq_returns_off(struct frame *frame)
{
	irq(frame);
	frame->eflags &= ~EFLAGS_IF;
}

/* Interrupt gate, trap gate, an interrupt in a handler, and what IRET brings back. */
static void nest(void)
{
	static const uint8_t vectors[] = {OUTER, OUTER_ON, INNER, LOOK};

	for (unsigned i = 0; i < sizeof(vectors); i++)
		gate_set(vectors[i], vectors[i] == OUTER_ON ? GATE_TRAP : GATE_INTERRUPT);
	handler_set(OUTER, outer);
	handler_set(OUTER_ON, outer);
	handler_set(INNER, inner);
	handler_set(LOOK, look);
	handler_set(0x20 + IRQ, irq);

	software_interrupt(OUTER);
	software_interrupt(LOOK);
	interrupts_enable();
	software_interrupt(OUTER);
	software_interrupt(LOOK);
	software_interrupt(OUTER_ON);
	software_interrupt(LOOK);
	interrupts_disable();

	request();
	step(1, 0);
	interrupts_enable();
	__asm__ volatile("nop");
	software_interrupt(LOOK);
	interrupts_disable();
	step(2, 0);
	reset();

	handler_set(0x20 + IRQ, irq_returns_off);
	request();
	interrupts_enable();
	__asm__ volatile("nop");
	software_interrupt(LOOK);
	reset();

	/* HLT with a request that waits: it does not sleep */
	handler_set(0x20 + IRQ, irq);
	request();
	interrupt_wait();
	software_interrupt(LOOK);
	interrupts_disable();
	reset();
}

void kernel_main(uint32_t info)
{
	uint32_t sum;

	(void)info;
	console_printf("interruptflag\n");
	uart_wait();
	probes_init();
	port_write8(UART_MCR, MCR_OUT2);
	probes_run("interruptflag", reset);
	uart_wait();
	nest();
	sum = probe_sum(0, interruptflag_steps, sizeof(interruptflag_steps));
	console_printf("steps: %u, %08x\n", interruptflag_step_count, sum);
}
