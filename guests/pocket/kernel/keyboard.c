/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PC's 8042 keyboard controller (IBM PS/2 Hardware Interface Technical Reference, "Keyboard and
 * Auxiliary Device Controller"), and a keyboard with the layout of the United States.
 *
 * The controller translates to scan code set 1: one byte when a key goes down, the same with bit 7
 * set when it comes up, and E0h before the keys that the first PCs did not have.
 */
#include "keyboard.h"

#include "console.h"
#include "cpu.h"
#include "interrupts.h"

#define DATA              0x60
#define STATUS            0x64
#define COMMAND           0x64
#define STATUS_OUTPUT     0x01 /* a byte can be read */
#define STATUS_INPUT      0x02 /* the controller has not yet taken the last byte */
#define STATUS_MOUSE      0x20 /* that byte is not the keyboard's */
#define COMMAND_READ_MODE 0x20
#define COMMAND_SET_MODE  0x60
#define MODE_INTERRUPT    0x01
#define MODE_KEYBOARD_OFF 0x10
#define MODE_TRANSLATE    0x40
#define POLLS_MAX         10000u

#define CODE_RELEASED    0x80
#define CODE_EXTENDED    0xe0
#define CODE_CTRL        0x1d
#define CODE_LEFT_SHIFT  0x2a
#define CODE_RIGHT_SHIFT 0x36
#define CODE_CAPS_LOCK   0x3a
#define CTRL(letter)     (0x1f & (letter))

/* By scan code. 0: a key that makes no character. */
static const char plain[] =
	"\0\0331234567890-=\b\tqwertyuiop[]\n\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
static const char shifted[] =
	"\0\033!@#$%^&*()_+\b\tQWERTYUIOP{}\n\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";
_Static_assert(sizeof(plain) == sizeof(shifted), "two characters for each key");

static bool shift, ctrl, caps_lock, extended;

static bool is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

/* The keys that change what others mean. */
static bool modifier_take(uint8_t key, bool down)
{
	switch (key) {
	case CODE_LEFT_SHIFT:
	case CODE_RIGHT_SHIFT:
		shift = down;
		return true;
	case CODE_CTRL:
		ctrl = down;
		return true;
	case CODE_CAPS_LOCK:
		caps_lock ^= down;
		return true;
	default:
		return false;
	}
}

/* Arrows and the like mean nothing here, so what follows E0h is left out. */
static void code_take(uint8_t code)
{
	bool was_extended = extended, down = !(code & CODE_RELEASED);
	uint8_t key = code & (uint8_t)~CODE_RELEASED;

	extended = code == CODE_EXTENDED;
	if (extended || was_extended || modifier_take(key, down) || !down ||
		key >= sizeof(plain) - 1)
		return;
	bool upper = is_letter(plain[key]) ? shift != caps_lock : shift;
	char c = upper ? shifted[key] : plain[key];
	if (ctrl && is_letter(plain[key]))
		c = CTRL(plain[key]);
	if (c)
		console_input(c);
}

static void keyboard_interrupt(void)
{
	uint8_t status;

	while ((status = port_read(STATUS)) & STATUS_OUTPUT) {
		uint8_t code = port_read(DATA);
		if (!(status & STATUS_MOUSE))
			code_take(code);
	}
}

/* Waits until the bits of the status that `mask` names are `value`. False: they never were. */
static bool status_wait(uint8_t mask, uint8_t value)
{
	for (unsigned i = 0; i < POLLS_MAX; i++)
		if ((port_read(STATUS) & mask) == value)
			return true;
	return false;
}

static bool controller_write(uint16_t port, uint8_t byte)
{
	if (!status_wait(STATUS_INPUT, 0))
		return false;
	port_write(port, byte);
	return true;
}

/* The BIOS has tested both; what is left is to ask for translation and interrupts. */
bool keyboard_init(void)
{
	for (unsigned i = 0; i < POLLS_MAX && (port_read(STATUS) & STATUS_OUTPUT); i++)
		port_read(DATA); /* keys that were pressed before */
	if (!controller_write(COMMAND, COMMAND_READ_MODE) ||
		!status_wait(STATUS_OUTPUT, STATUS_OUTPUT))
		return false;
	uint8_t mode = port_read(DATA);
	mode = (mode | MODE_INTERRUPT | MODE_TRANSLATE) & (uint8_t)~MODE_KEYBOARD_OFF;
	if (!controller_write(COMMAND, COMMAND_SET_MODE) || !controller_write(DATA, mode))
		return false;
	interrupt_attach(IRQ_KEYBOARD, keyboard_interrupt);
	return true;
}
