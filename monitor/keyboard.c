/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keyboard controller: the 8042's ports, its commands, and the way of a byte into its output
 * buffer (IBM PC AT Technical Reference, "Keyboard Controller"). The keyboard is in
 * keyboard_device.c.
 *
 * Invariant: while the output buffer is empty, nothing waits that could be in it.
 */
#include "machine.h"
#include "vm.h"

#define IRQ_MOUSE 12

/* Status. */
#define OUTPUT_FULL     0x01
#define SYSTEM_FLAG     0x04
#define COMMAND_WRITTEN 0x08 /* the last byte went to the command port */
#define UNLOCKED        0x10
#define FROM_MOUSE      0x20
#define TIMEOUT         0x40

/* The command byte. */
#define KEYBOARD_INTERRUPT 0x01
#define MOUSE_INTERRUPT    0x02
#define KEYBOARD_DISABLED  0x10
#define MOUSE_DISABLED     0x20
#define BIOS_COMMAND_BYTE                                                                          \
	(CONTROLLER_TRANSLATES | MOUSE_DISABLED | SYSTEM_FLAG | KEYBOARD_INTERRUPT)

/* Commands. */
#define READ_RAM           0x20 /* to 3Fh; byte 0 is the command byte */
#define WRITE_RAM          0x60 /* to 7Fh */
#define RAM_ADDRESS        0x1f
#define TEST_PASSWORD      0xa4
#define DISABLE_MOUSE      0xa7
#define ENABLE_MOUSE       0xa8
#define TEST_MOUSE_LINE    0xa9
#define TEST_CONTROLLER    0xaa
#define TEST_KEYBOARD_LINE 0xab
#define DISABLE_KEYBOARD   0xad
#define ENABLE_KEYBOARD    0xae
#define READ_INPUT_PORT    0xc0
#define READ_OUTPUT_PORT   0xd0
#define WRITE_OUTPUT_PORT  0xd1
#define WRITE_AS_KEYBOARD  0xd2
#define WRITE_AS_MOUSE     0xd3
#define WRITE_TO_MOUSE     0xd4
#define DISABLE_A20        0xdd
#define ENABLE_A20         0xdf
#define PULSE_OUTPUT_PORT  0xf0 /* to FFh: the low four bits, where they are 0 */

/* Answers. */
#define NO_PASSWORD      0xf1
#define TEST_PASSED      0x55
#define LINE_IS_GOOD     0x00
#define MOUSE_IS_SILENT  0xfe
#define INPUT_PORT       0x80 /* the keyboard is not locked */
#define OUTPUT_NOT_RESET 0x01
#define OUTPUT_A20       0x02
#define OUTPUT_KEYBOARD  0x10 /* the interrupt lines */
#define OUTPUT_MOUSE     0x20
#define LINE_KEYBOARD    1
#define LINE_MOUSE       2

/* ---- the output buffer ---- */

/* IRQ 1 and IRQ 12 say whose byte is in the output buffer. */
static void controller_update_lines(struct vm *vm)
{
	struct keyboard *keyboard = &vm->devices.keyboard;
	bool full = keyboard->status & OUTPUT_FULL;
	bool mouse = keyboard->status & FROM_MOUSE;
	uint8_t lines = 0;

	if (full && !mouse && keyboard->ram[0] & KEYBOARD_INTERRUPT)
		lines = LINE_KEYBOARD;
	if (full && mouse && keyboard->ram[0] & MOUSE_INTERRUPT)
		lines = LINE_MOUSE;
	uint8_t changed = lines ^ keyboard->lines;
	keyboard->lines = lines;
	if (changed & LINE_KEYBOARD)
		vm_irq(vm, IRQ_KEYBOARD, lines & LINE_KEYBOARD);
	if (changed & LINE_MOUSE)
		vm_irq(vm, IRQ_MOUSE, lines & LINE_MOUSE);
}

/* A key's byte on its way from the keyboard. False: translation swallows it. */
static bool controller_translate(struct keyboard *keyboard, uint8_t *byte)
{
	if (!(keyboard->ram[0] & CONTROLLER_TRANSLATES))
		return true;
	if (*byte == SET_2_RELEASE) {
		keyboard->released = true;
		return false;
	}
	*byte = scan_code_translate(*byte);
	if (keyboard->released)
		*byte |= SET_1_RELEASE;
	keyboard->released = false;
	return true;
}

/* Moves the next byte that waits into the output buffer, if that is empty. */
static void controller_fill(struct vm *vm)
{
	struct keyboard *keyboard = &vm->devices.keyboard;
	struct keyboard_answer answer;

	while (!(keyboard->status & OUTPUT_FULL)) {
		if (keyboard_take_answer(keyboard, &answer)) {
			keyboard->output = answer.byte;
			keyboard->status |= OUTPUT_FULL | answer.status;
		} else if (!(keyboard->ram[0] & KEYBOARD_DISABLED) &&
			   keyboard_take_key(keyboard, &answer.byte)) {
			if (!controller_translate(keyboard, &answer.byte))
				continue;
			keyboard->output = answer.byte;
			keyboard->status |= OUTPUT_FULL;
		} else {
			break;
		}
	}
	controller_update_lines(vm);
}

/* ---- commands ---- */

static void controller_write_ram(struct keyboard *keyboard, uint8_t address, uint8_t byte)
{
	keyboard->ram[address] = byte;
	if (address == 0) /* the system flag is one of the status bits */
		keyboard->status = (keyboard->status & ~SYSTEM_FLAG) | (byte & SYSTEM_FLAG);
}

static uint8_t controller_output_port(const struct keyboard *keyboard)
{
	uint8_t port = OUTPUT_NOT_RESET;

	if (keyboard->a20)
		port |= OUTPUT_A20;
	if (keyboard->lines & LINE_KEYBOARD)
		port |= OUTPUT_KEYBOARD;
	if (keyboard->lines & LINE_MOUSE)
		port |= OUTPUT_MOUSE;
	return port;
}

static void controller_write_output_port(struct vm *vm, uint8_t byte)
{
	vm->devices.keyboard.a20 = byte & OUTPUT_A20;
	if (!(byte & OUTPUT_NOT_RESET))
		vm_end(vm, "reset itself");
}

/* A command without a parameter, but for the two ranges. */
static void controller_perform(struct vm *vm, uint8_t command)
{
	struct keyboard *keyboard = &vm->devices.keyboard;

	switch (command) {
	case TEST_PASSWORD:
		keyboard_put_answer(keyboard, NO_PASSWORD, 0);
		break;
	case DISABLE_MOUSE:
		keyboard->ram[0] |= MOUSE_DISABLED;
		break;
	case ENABLE_MOUSE:
		keyboard->ram[0] &= (uint8_t)~MOUSE_DISABLED;
		break;
	case TEST_CONTROLLER:
		controller_write_ram(keyboard, 0, keyboard->ram[0] | SYSTEM_FLAG);
		keyboard_put_answer(keyboard, TEST_PASSED, 0);
		break;
	case TEST_MOUSE_LINE:
	case TEST_KEYBOARD_LINE:
		keyboard_put_answer(keyboard, LINE_IS_GOOD, 0);
		break;
	case DISABLE_KEYBOARD:
		keyboard->ram[0] |= KEYBOARD_DISABLED;
		break;
	case ENABLE_KEYBOARD:
		keyboard->ram[0] &= (uint8_t)~KEYBOARD_DISABLED;
		break;
	case READ_INPUT_PORT:
		keyboard_put_answer(keyboard, INPUT_PORT, 0);
		break;
	case READ_OUTPUT_PORT:
		keyboard_put_answer(keyboard, controller_output_port(keyboard), 0);
		break;
	case DISABLE_A20:
	case ENABLE_A20:
		keyboard->a20 = command == ENABLE_A20;
		break;
	}
}

static bool takes_parameter(uint8_t command)
{
	return (command & ~RAM_ADDRESS) == WRITE_RAM ||
	       (command >= WRITE_OUTPUT_PORT && command <= WRITE_TO_MOUSE);
}

static void controller_command(struct vm *vm, uint8_t command)
{
	struct keyboard *keyboard = &vm->devices.keyboard;

	keyboard->status |= COMMAND_WRITTEN;
	keyboard->command = takes_parameter(command) ? command : 0;
	if ((command & ~RAM_ADDRESS) == READ_RAM)
		keyboard_put_answer(keyboard, keyboard->ram[command & RAM_ADDRESS], 0);
	else if (command >= PULSE_OUTPUT_PORT && !(command & OUTPUT_NOT_RESET))
		vm_end(vm, "reset itself");
	else
		controller_perform(vm, command);
}

/* A byte at port 60h: the parameter of a command, or the keyboard's. */
static void controller_data(struct vm *vm, uint8_t byte)
{
	struct keyboard *keyboard = &vm->devices.keyboard;
	uint8_t command = keyboard->command;

	keyboard->status &= (uint8_t)~COMMAND_WRITTEN;
	keyboard->command = 0;
	switch (command) {
	case 0:
		keyboard->ram[0] &= (uint8_t)~KEYBOARD_DISABLED; /* sending needs its clock */
		keyboard_send(keyboard, byte);
		break;
	case WRITE_OUTPUT_PORT:
		controller_write_output_port(vm, byte);
		break;
	case WRITE_AS_KEYBOARD:
		keyboard_put_answer(keyboard, byte, 0);
		break;
	case WRITE_AS_MOUSE:
		keyboard_put_answer(keyboard, byte, FROM_MOUSE);
		break;
	case WRITE_TO_MOUSE:
		keyboard_put_answer(keyboard, MOUSE_IS_SILENT, FROM_MOUSE | TIMEOUT);
		break;
	default:
		controller_write_ram(keyboard, command & RAM_ADDRESS, byte);
		break;
	}
}

/* ---- ports ---- */

static uint32_t controller_read(struct vm *vm, uint16_t port, unsigned size)
{
	struct keyboard *keyboard = &vm->devices.keyboard;

	(void)size;
	if (port == KEYBOARD_PORT_COMMAND)
		return keyboard->status;
	uint8_t byte = keyboard->output;
	keyboard->status &= (uint8_t) ~(OUTPUT_FULL | FROM_MOUSE | TIMEOUT);
	/* the line falls, even where it rises again for the next byte */
	controller_update_lines(vm);
	controller_fill(vm);
	return byte;
}

static void controller_write(struct vm *vm, uint16_t port, unsigned size, uint32_t value)
{
	(void)size;
	if (port == KEYBOARD_PORT_COMMAND)
		controller_command(vm, (uint8_t)value);
	else
		controller_data(vm, (uint8_t)value);
	controller_fill(vm);
}

void keyboard_key(struct vm *vm, uint8_t scan_code)
{
	keyboard_press(&vm->devices.keyboard, scan_code);
	controller_fill(vm);
}

void keyboard_attach(struct vm *vm)
{
	struct keyboard *keyboard = &vm->devices.keyboard;

	*keyboard = (struct keyboard){.status = UNLOCKED | SYSTEM_FLAG, .a20 = true};
	keyboard->ram[0] = BIOS_COMMAND_BYTE;
	keyboard_reset(keyboard);
	bus_attach(&vm->bus, (struct bus_range){.first = KEYBOARD_PORT_DATA,
				     .last = KEYBOARD_PORT_DATA,
				     .read = controller_read,
				     .write = controller_write});
	bus_attach(&vm->bus, (struct bus_range){.first = KEYBOARD_PORT_COMMAND,
				     .last = KEYBOARD_PORT_COMMAND,
				     .read = controller_read,
				     .write = controller_write});
}
