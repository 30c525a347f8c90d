/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each operation costs that a monitor has a hand in: CLI, STI, IN, an exception, a write to a
 * table, the timer's interrupt, system calls. Whoever measures counts instructions and exits
 * between the labels of costs.asm, here and on the bare machine.
 */
#include "kernel.h"

#define BASE        0x20
#define PIT_CONTROL 0x43
#define PIT_0       0x40
#define PIT_RATE    0x34 /* counter 0, low byte then high byte, mode 2 */
#define DIVISOR     1193 /* a thousand interrupts a second */

extern const uint8_t costs_divide_handler[], costs_timer_handler[], costs_call_handler[];
extern const uint8_t costs_user[];
void costs_kernel(void);
void costs_timer(void);

static uint8_t user_stack[1024] __attribute__((aligned(16)));

static void gate_to(uint8_t vector, const uint8_t *handler, uint32_t access)
{
	kernel_idt[vector] = gate_make(KERNEL_CS, (uint32_t)handler, access);
}

static void over(struct frame *frame)
{
	(void)frame;
	console_printf("costs: over\n");
	power_off();
}

void kernel_main(uint32_t info)
{
	struct frame user = {
		.eip = (uint32_t)costs_user,
		.cs = USER_CS,
		.eflags = EFLAGS_FIXED | EFLAGS_IF,
		.user_esp = (uint32_t)&user_stack[sizeof(user_stack)],
		.user_ss = USER_DS,
	};

	(void)info;
	kernel_tables_load();
	gate_to(VECTOR_DE, costs_divide_handler, GATE_INTERRUPT);
	gate_to(BASE, costs_timer_handler, GATE_INTERRUPT);
	gate_to(SYSTEM_CALL, costs_call_handler, GATE_TRAP | ACCESS_DPL(3));
	gate_to(SYSTEM_CALL + 1, costs_call_handler, GATE_INTERRUPT | ACCESS_DPL(3));
	gate_set(SYSTEM_CALL + 2, GATE_INTERRUPT | ACCESS_DPL(3));
	handler_set(SYSTEM_CALL + 2, over);
	pic_init(BASE, BASE + 8);
	port_write8(PIT_CONTROL, 0x30); /* mode 0 without a count: no request */
	pic_mask(0xfffe);
	costs_kernel();
	port_write8(PIT_CONTROL, PIT_RATE);
	port_write8(PIT_0, (uint8_t)DIVISOR);
	port_write8(PIT_0, DIVISOR >> 8);
	costs_timer();
	pic_mask(0xffff);
	frame_resume(&user);
}
