/* SPDX-License-Identifier: BSD-2-Clause */
/* The ports for debugging and for the end. debug_ports.h has the list. */
#include "machine.h"
#include "vm.h"

#define POST_PORT    0x80
#define SYSTEM_PORT  0x92
#define SYSTEM_RESET 0x01
#define SYSTEM_A20   0x02
#define LOG_PORT     0xe9
#define ACPI_PORT    0x604
#define ACPI_SLEEP   0x2000 /* SLP_EN, with SLP_TYP 0: soft off (ACPI 4.8.3.2.1) */
#define POWER_PORT   0x8900

/* ---- 80h ---- */

static uint32_t post_read(struct vm *vm, uint16_t port, unsigned size)
{
	(void)port;
	(void)size;
	return vm->devices.debug_ports.post_code;
}

static void post_write(struct vm *vm, uint16_t port, unsigned size, uint32_t value)
{
	(void)port;
	(void)size;
	vm->devices.debug_ports.post_code = (uint8_t)value;
}

/* ---- 92h ---- */

static uint32_t system_read(struct vm *vm, uint16_t port, unsigned size)
{
	(void)port;
	(void)size;
	return vm->devices.keyboard.a20 ? SYSTEM_A20 : 0;
}

static void system_write(struct vm *vm, uint16_t port, unsigned size, uint32_t value)
{
	(void)port;
	(void)size;
	vm->devices.keyboard.a20 = value & SYSTEM_A20;
	if (value & SYSTEM_RESET)
		vm_end(vm, "reset itself");
}

/* ---- E9h ---- */

void debug_ports_flush(struct vm *vm)
{
	struct debug_ports *debug = &vm->devices.debug_ports;

	if (debug->length == 0)
		return;
	debug->line[debug->length] = '\0';
	debug->length = 0;
	log_printf("%s| %s\n", vm->name, debug->line);
}

static uint32_t log_read(struct vm *vm, uint16_t port, unsigned size)
{
	(void)vm;
	(void)size;
	return port;
}

static void log_write(struct vm *vm, uint16_t port, unsigned size, uint32_t value)
{
	struct debug_ports *debug = &vm->devices.debug_ports;
	char c = (char)value;

	(void)port;
	(void)size;
	if (c == '\r')
		return;
	if (c != '\n') /* nothing goes through that could steer the terminal that shows the log */
		debug->line[debug->length++] = c >= ' ' && c <= '~' ? c : '.';
	if (c == '\n' || debug->length == DEBUG_LINE)
		debug_ports_flush(vm);
}

/* ---- the end ---- */

static uint32_t power_read(struct vm *vm, uint16_t port, unsigned size)
{
	(void)vm;
	(void)port;
	(void)size;
	return 0;
}

static void power_write(struct vm *vm, uint16_t port, unsigned size, uint32_t value)
{
	static const char word[] = "Shutdown";
	struct debug_ports *debug = &vm->devices.debug_ports;

	(void)port;
	(void)size;
	if (value != (uint8_t)word[debug->power_off_progress])
		debug->power_off_progress = value == (uint8_t)word[0];
	else if (!word[++debug->power_off_progress])
		vm_end(vm, "switched itself off");
}

static void acpi_write(struct vm *vm, uint16_t port, unsigned size, uint32_t value)
{
	(void)port;
	if (size == BUS_WORD && value == ACPI_SLEEP)
		vm_end(vm, "switched itself off");
}

void debug_ports_attach(struct vm *vm)
{
	static const struct bus_range ranges[] = {
		{POST_PORT, POST_PORT, post_read, post_write, 0, NULL},
		{SYSTEM_PORT, SYSTEM_PORT, system_read, system_write, 0, NULL},
		{LOG_PORT, LOG_PORT, log_read, log_write, 0, NULL},
		{ACPI_PORT, ACPI_PORT + 1, power_read, acpi_write, BUS_WORD, NULL},
		{POWER_PORT, POWER_PORT, power_read, power_write, 0, NULL},
	};

	vm->devices.debug_ports = (struct debug_ports){0};
	for (unsigned i = 0; i < ARRAY_LENGTH(ranges); i++)
		bus_attach(&vm->bus, ranges[i]);
}
