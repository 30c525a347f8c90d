/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the device models share: a virtual machine that consists of its devices alone,
 * and stand-ins for what these call. Time is a number that the test sets.
 */
#ifndef DEVICES_FIXTURE_H
#define DEVICES_FIXTURE_H

#include "machine.h"
#include "vm.h"

#include <check.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SIZE 4096
#define LINES     16

/* What the devices did. */
static struct {
	uint64_t now;
	bool line[LINES];
	unsigned edges[LINES]; /* how often each line rose */
	unsigned deadlines;    /* how often a deadline was reported as changed */
	char log[TEXT_SIZE];
	char sent[TEXT_SIZE];
	const char *ended; /* how the machine ended; NULL: it runs */
	uint8_t rtc[CMOS_SIZE];
	jmp_buf panic;
	bool expects_panic;
} seen;

static struct vm *vm;

uint64_t clock_now(void)
{
	return seen.now;
}

void vm_irq(struct vm *machine, unsigned irq, bool level)
{
	if (machine != vm || irq >= LINES)
		ck_abort_msg("line %u of another machine, or none", irq);
	if (level && !seen.line[irq])
		seen.edges[irq]++;
	seen.line[irq] = level;
}

void vm_deadline_changed(struct vm *machine)
{
	ck_assert_ptr_eq(machine, vm);
	seen.deadlines++;
}

void vm_end(struct vm *machine, const char *how)
{
	ck_assert_ptr_eq(machine, vm);
	seen.ended = how;
}

void serial_put(uint8_t byte)
{
	size_t length = strlen(seen.sent);

	ck_assert_uint_lt(length + 1, TEXT_SIZE);
	seen.sent[length] = (char)byte;
}

void log_printf(const char *format, ...)
{
	size_t length = strlen(seen.log);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(seen.log + length, TEXT_SIZE - length, format, arguments);
	va_end(arguments);
}

void panic(const char *format, ...)
{
	ck_assert_msg(seen.expects_panic, "panic: %s", format);
	longjmp(seen.panic, 1);
}

void rtc_wait(void)
{
}

uint8_t rtc_read(uint8_t address)
{
	return seen.rtc[address];
}

/* A PC of 32 MiB whose own clock stands at Saturday, the first of January 2000, 00:00:00. */
static void devices_make(void)
{
	memset(&seen, 0, sizeof(seen));
	seen.now = 1000000;
	seen.rtc[6] = 7;
	seen.rtc[7] = seen.rtc[8] = 1;
	seen.rtc[0x0b] = 0x02;
	seen.rtc[0x32] = 0x20;
	vm = calloc(1, sizeof(*vm));
	ck_assert_ptr_nonnull(vm);
	strcpy(vm->name, "guest");
	vm->memory_size = 32u << 20;
	devices_attach(vm);
}

static void devices_free(void)
{
	free(vm);
	vm = NULL;
}

static inline uint8_t in(uint16_t port)
{
	return (uint8_t)bus_read(vm, port, 1);
}

static inline void out(uint16_t port, uint32_t value)
{
	bus_write(vm, port, 1, value);
}

static int suite_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
