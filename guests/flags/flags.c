/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that believes in its flags: PUSHF and POPF in critical sections, with interrupts that
 * wait (probes.asm), single steps (trace.c) and a timer (critical.c).
 *
 * In ring 1 with IOPL 0 POPF leaves IF alone, and nothing says so. A kernel there loses interrupts
 * that it has turned on, and takes some where it has turned them off (Intel SDM volume 2, POPF).
 */
#include "flags.h"
#include "uart.h"

#define MCR_OUT2 0x08 /* lets the UART's interrupt out, on a PC */
#define IRQ_UART 4

/* Nothing is on its way, so that a request comes at once. */
static void uart_wait(void)
{
	while (!(port_read8(UART_LSR) & LSR_TEMT))
		;
}

/* As pic_init() leaves it, but for one. The request is taken back. */
static void reset(void)
{
	port_write8(UART_IER, 0);
	port_read8(UART_IIR);
	pic_init(0x20, 0x28);
	pic_mask((uint16_t) ~(1u << IRQ_UART));
}

/* Before a probe that wants a request that waits for IF: the UART asks as soon as it may, since it
 * has nothing to send. */
void flags_request(void)
{
	port_write8(UART_IER, IER_THRE);
}

void kernel_main(uint32_t info)
{
	(void)info;
	uart_wait();
	probes_init();
	ldt_load(0);
	port_write8(UART_MCR, MCR_OUT2);
	probes_run("flags", reset);
	uart_wait();
	reset();
	trace_run();
	critical_run();
	results_print("flags");
}
