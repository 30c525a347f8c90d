/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's keyboard and its controller: an Intel 8042 with the program that the PC AT has in it
 * (IBM PC AT Technical Reference, "Keyboard Controller" and "Keyboard"), at ports 60h and 64h.
 *
 * A key comes as a code of set 1 from the real machine. The guest's keyboard makes set 2 of it, and
 * its controller, where translation is on, set 1 again. An answer to a command goes before the keys
 * that wait.
 *
 * There is no mouse: to what is sent to one, the controller answers with a timeout.
 */
#ifndef KEYBOARD_H
#define KEYBOARD_H

#include "types.h"

#define KEYBOARD_PORT_DATA    0x60
#define KEYBOARD_PORT_COMMAND 0x64 /* write: command; read: status */
#define KEYBOARD_ANSWERS      8
#define KEYBOARD_KEYS         16   /* bytes of scan codes, as in a real keyboard */
#define CONTROLLER_RAM        32   /* bytes; byte 0 is the command byte */
#define CONTROLLER_TRANSLATES 0x40 /* in the command byte: set 2 becomes set 1 */

/* A byte for the output buffer, and the bits of the status register that come with it. */
struct keyboard_answer {
	uint8_t byte;
	uint8_t status;
};

struct keyboard {
	/* the controller */
	uint8_t ram[CONTROLLER_RAM];
	uint8_t status;  /* as read at port 64h */
	uint8_t output;  /* the output buffer, which keeps its byte when it has been read */
	uint8_t command; /* whose parameter the next byte at port 60h is; 0: none's */
	uint8_t lines;   /* what IRQ 1 (bit 0) and IRQ 12 (bit 1) were told last */
	bool a20;        /* a bit of the output port: kept, and of no effect */
	bool released;   /* translation has seen that the next code is of a key's release */
	/* the keyboard */
	uint8_t keyboard_command; /* whose parameter comes next; 0: none's */
	uint8_t last_sent;        /* what it sends again on request */
	uint8_t scan_code_set;    /* 1 or 2 */
	bool scanning;            /* keys are reported */
	/* what waits for the output buffer */
	uint8_t answer_first, answer_count;
	uint8_t key_first, key_count;
	struct keyboard_answer answers[KEYBOARD_ANSWERS];
	uint8_t keys[KEYBOARD_KEYS]; /* as the keyboard sends them, not translated */
};

struct vm;

/* ---- the controller (keyboard.c) ---- */

void keyboard_attach(struct vm *vm);

/* A scan code of set 1, byte by byte as the machine's own controller gives it. */
void keyboard_key(struct vm *vm, uint8_t scan_code);

/* ---- the keyboard (keyboard_device.c) ---- */

/* As after its self test. */
void keyboard_reset(struct keyboard *keyboard);

/* A byte that the controller sends it. Its answer is put among the answers. */
void keyboard_send(struct keyboard *keyboard, uint8_t byte);

/* Puts a key's byte, of set 1, among the keys. */
void keyboard_press(struct keyboard *keyboard, uint8_t scan_code);

/* Takes the next byte of the keys that wait; false: there is none. */
bool keyboard_take_key(struct keyboard *keyboard, uint8_t *byte);

/* Puts a byte among the answers, with the status bits that go with it; and takes one. */
void keyboard_put_answer(struct keyboard *keyboard, uint8_t byte, uint8_t status);
bool keyboard_take_answer(struct keyboard *keyboard, struct keyboard_answer *answer);

#define SET_2_RELEASE 0xf0 /* a byte before the code */
#define SET_1_RELEASE 0x80 /* a bit of the code */

/* A code of set 2 as one of set 1. Bytes that are no key's stay as they are. */
uint8_t scan_code_translate(uint8_t code);

#endif
