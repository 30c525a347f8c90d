/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Panic. It must work whatever is broken: it takes no lock seriously, allocates nothing and needs
 * no interrupt.
 *
 * The backtrace follows the chain of saved EBPs (System V ABI, i386, 2.2). start.asm and life.c
 * begin the chain with 0.
 */
#include "panic.h"

#include "console.h"
#include "cpu.h"
#include "format.h"
#include "task.h"
#include "uart.h"

#define FRAMES_MAX 16

_Noreturn void power_off(void); /* start.asm */

static bool in_panic;

bool panicking(void)
{
	return in_panic;
}

void machine_power_off(void)
{
	interrupts_disable();
	uart_drain();
	power_off();
}

void trap_frame_print(const struct trap_frame *frame)
{
	bool user = trap_from_user(frame);

	console_printf("  eax %08x  ebx %08x  ecx %08x  edx %08x\n", frame->eax, frame->ebx,
		frame->ecx, frame->edx);
	console_printf("  esi %08x  edi %08x  ebp %08x  esp %08x\n", frame->esi, frame->edi,
		frame->ebp, user ? frame->esp : (uint32_t)&frame->esp);
	console_printf("  eip %08x  eflags %08x  cs %04x  ds %04x  ss %04x\n", frame->eip,
		frame->eflags, frame->cs & 0xffff, frame->ds & 0xffff,
		user ? frame->ss & 0xffff : segments_read().ss);
}

/* A frame is a saved EBP with the return address above it. A thread's first has none. */
static void backtrace_print(const uint32_t *frame)
{
	console_printf("  called from");
	for (unsigned i = 0; i < FRAMES_MAX && task_owns_stack(task_current(), frame); i++) {
		if (frame[1] == 0)
			break;
		console_printf(" %08x", frame[1]);
		frame = (const uint32_t *)frame[0];
	}
	console_printf("\n");
}

/* A panic in a panic says nothing more. */
static void panic_begin(void)
{
	interrupts_disable();
	if (in_panic)
		power_off();
	in_panic = true;
}

void panic(const char *format, ...)
{
	char text[TEXT_MAX];
	va_list arguments;

	panic_begin();
	va_start(arguments, format);
	text_format(text, sizeof(text), format, arguments);
	va_end(arguments);
	console_printf("panic: %s\n", text);
	struct segments segments = segments_read();
	console_printf("  cs %04x  ds %04x  ss %04x  eflags %08x  cr0 %08x\n", segments.cs,
		segments.ds, segments.ss, eflags_read(), cr0_read());
	backtrace_print(__builtin_frame_address(0));
	machine_power_off();
}

void panic_trap(const struct trap_frame *frame, const char *name)
{
	panic_begin();
	console_printf("panic: %s in %s (vector %u, error code %x)\n", name, task_current()->name,
		frame->vector, frame->error_code);
	if (frame->vector == VECTOR_PF)
		console_printf("  address %08x\n", cr2_read());
	trap_frame_print(frame);
	if (!trap_from_user(frame))
		backtrace_print((const uint32_t *)frame->ebp);
	machine_power_off();
}
