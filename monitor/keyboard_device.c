/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keyboard itself (IBM PC AT Technical Reference, "Keyboard": commands from the system,
 * commands to the system, scan code set 2). Repeating a key that is held down is the real
 * keyboard's affair.
 */
#include "keyboard.h"

/* Commands. */
#define SET_LEDS       0xed /* the first: a lower byte is a parameter */
#define ECHO           0xee
#define SET_SCAN_CODES 0xf0
#define IDENTIFY       0xf2
#define SET_REPEAT     0xf3
#define ENABLE         0xf4
#define DISABLE        0xf5
#define SET_DEFAULTS   0xf6
#define RESEND         0xfe
#define RESET          0xff

/* Answers. */
#define ACKNOWLEDGE      0xfa
#define SELF_TEST_PASSED 0xaa
#define SEND_AGAIN       0xfe
#define IDENTITY_1       0xab
#define IDENTITY_2       0x83
#define SET_1_OVERRUN    0xff
#define SET_2_OVERRUN    0x00

#define SCAN_CODE_PREFIX 0xe0 /* this one and the next */

/* What the controller makes of a code of set 2. A code that is not here stays as it is. */
/* clang-format off */
static const uint8_t set_1_codes[] = {
	0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,
	0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,
	0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
	0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,
	0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,
	0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
	0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,
	0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
	0x80, 0x81, 0x82, 0x41, 0x54,
};
/* clang-format on */

uint8_t scan_code_translate(uint8_t code)
{
	return code < ARRAY_LENGTH(set_1_codes) ? set_1_codes[code] : code;
}

/* The other way. Two codes have two sources; the real keys' are the higher ones (F7 and SysRq). */
static uint8_t scan_code_of_set_2(uint8_t set_1)
{
	unsigned code = ARRAY_LENGTH(set_1_codes) - 1;

	while (code && set_1_codes[code] != set_1)
		code--;
	return (uint8_t)code;
}

/* ---- keys ---- */

/* A key that does not fit leaves a mark that it is missing, in the last place. */
static void keyboard_put_keys(struct keyboard *keyboard, const uint8_t *bytes, unsigned count)
{
	static const uint8_t overruns[] = {SET_1_OVERRUN, SET_2_OVERRUN};

	if (keyboard->key_count + count >= KEYBOARD_KEYS) {
		bytes = &overruns[keyboard->scan_code_set - 1];
		count = 1;
	}
	for (unsigned i = 0; i < count && keyboard->key_count < KEYBOARD_KEYS; i++)
		keyboard->keys[(keyboard->key_first + keyboard->key_count++) % KEYBOARD_KEYS] =
			bytes[i];
}

void keyboard_press(struct keyboard *keyboard, uint8_t scan_code)
{
	if (!keyboard->scanning)
		return;
	if (keyboard->scan_code_set == 1 || (scan_code & ~1u) == SCAN_CODE_PREFIX) {
		keyboard_put_keys(keyboard, &scan_code, 1);
		return;
	}
	uint8_t code = scan_code_of_set_2(scan_code & (uint8_t)~SET_1_RELEASE);
	if (scan_code & SET_1_RELEASE)
		keyboard_put_keys(keyboard, (uint8_t[]){SET_2_RELEASE, code}, 2);
	else
		keyboard_put_keys(keyboard, &code, 1);
}

bool keyboard_take_key(struct keyboard *keyboard, uint8_t *byte)
{
	if (keyboard->key_count == 0)
		return false;
	*byte = keyboard->keys[keyboard->key_first];
	keyboard->key_first = (keyboard->key_first + 1) % KEYBOARD_KEYS;
	keyboard->key_count--;
	keyboard->last_sent = *byte;
	return true;
}

/* ---- answers ---- */

void keyboard_put_answer(struct keyboard *keyboard, uint8_t byte, uint8_t status)
{
	if (keyboard->answer_count == KEYBOARD_ANSWERS)
		return; /* a guest that never reads its answers misses some */
	unsigned last = keyboard->answer_first + keyboard->answer_count++;
	keyboard->answers[last % KEYBOARD_ANSWERS] = (struct keyboard_answer){byte, status};
}

bool keyboard_take_answer(struct keyboard *keyboard, struct keyboard_answer *answer)
{
	if (keyboard->answer_count == 0)
		return false;
	*answer = keyboard->answers[keyboard->answer_first];
	keyboard->answer_first = (keyboard->answer_first + 1) % KEYBOARD_ANSWERS;
	keyboard->answer_count--;
	return true;
}

/* The keyboard answers, through the controller, which may translate. */
static void keyboard_reply(struct keyboard *keyboard, uint8_t byte)
{
	keyboard->last_sent = byte;
	if (keyboard->ram[0] & CONTROLLER_TRANSLATES)
		byte = scan_code_translate(byte);
	keyboard_put_answer(keyboard, byte, 0);
}

/* ---- commands ---- */

static void keyboard_set_defaults(struct keyboard *keyboard)
{
	keyboard->scan_code_set = 2;
	keyboard->key_count = 0;
}

void keyboard_reset(struct keyboard *keyboard)
{
	keyboard_set_defaults(keyboard);
	keyboard->scanning = true;
}

static void keyboard_set_scan_codes(struct keyboard *keyboard, uint8_t set)
{
	if (set > 2) {
		keyboard_reply(keyboard, SEND_AGAIN); /* it has no set 3 */
		return;
	}
	keyboard_reply(keyboard, ACKNOWLEDGE);
	if (set == 0) {
		keyboard_reply(keyboard, keyboard->scan_code_set);
		return;
	}
	keyboard->scan_code_set = set;
	keyboard->key_count = 0;
}

/* A command; true where a parameter follows. */
static bool keyboard_begin(struct keyboard *keyboard, uint8_t command)
{
	switch (command) {
	case SET_LEDS:
	case SET_SCAN_CODES:
	case SET_REPEAT:
		keyboard_reply(keyboard, ACKNOWLEDGE);
		return true;
	case ECHO:
		keyboard_reply(keyboard, ECHO);
		return false;
	case IDENTIFY:
		keyboard_reply(keyboard, ACKNOWLEDGE);
		keyboard_reply(keyboard, IDENTITY_1);
		keyboard_reply(keyboard, IDENTITY_2);
		return false;
	case ENABLE:
		keyboard->key_count = 0;
		keyboard->scanning = true;
		keyboard_reply(keyboard, ACKNOWLEDGE);
		return false;
	case DISABLE:
		keyboard_set_defaults(keyboard);
		keyboard->scanning = false;
		keyboard_reply(keyboard, ACKNOWLEDGE);
		return false;
	case SET_DEFAULTS:
		keyboard_set_defaults(keyboard);
		keyboard_reply(keyboard, ACKNOWLEDGE);
		return false;
	case RESEND:
		keyboard_reply(keyboard, keyboard->last_sent);
		return false;
	case RESET:
		keyboard_reset(keyboard);
		keyboard_reply(keyboard, ACKNOWLEDGE);
		keyboard_reply(keyboard, SELF_TEST_PASSED);
		return false;
	default:
		keyboard_reply(keyboard, SEND_AGAIN);
		return false;
	}
}

void keyboard_send(struct keyboard *keyboard, uint8_t byte)
{
	uint8_t command = keyboard->keyboard_command;

	if (!command || byte >= SET_LEDS) {
		keyboard->keyboard_command = keyboard_begin(keyboard, byte) ? byte : 0;
		return;
	}
	keyboard->keyboard_command = 0;
	if (command == SET_SCAN_CODES)
		keyboard_set_scan_codes(keyboard, byte);
	else /* the lamps and the repeat rate are not the guest's */
		keyboard_reply(keyboard, ACKNOWLEDGE);
}
