/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets of GDB's Remote Serial Protocol.
 *
 * The idea: $text#xx, where xx is the sum of the text's bytes modulo 256 in hexadecimal. Whoever
 * receives one answers + or -, until both have agreed to leave that out (on a channel that loses
 * nothing). Outside a packet the single byte 03 means: stop the machine.
 *
 * The invariant: whatever comes in, a packet handed over had the right sum, fits its buffer and
 * ends in a zero byte. Everything else is answered with - or dropped.
 *
 * Both ends of a connection can use this: the bridge, and a test that plays GDB.
 * Read: Debugging with GDB, appendix E (GDB Remote Serial Protocol), "Overview".
 */
#ifndef RSP_H
#define RSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a packet's text as it is sent, escapes included: what GDB is told as PacketSize. */
#define RSP_PACKET_MAX 16384u
#define RSP_INPUT_SIZE 4096u

enum rsp_event {
	RSP_NOTHING,  /* nothing that is complete */
	RSP_PACKET,   /* rsp.packet, rsp.length */
	RSP_TOO_LONG, /* a packet with more than RSP_PACKET_MAX bytes; it was dropped */
	RSP_BREAK,    /* the byte 03 */
	RSP_CLOSED,   /* the other end is gone, or an error */
};

/* Where the receiver stands. */
enum rsp_state { RSP_OUTSIDE, RSP_TEXT, RSP_ESCAPE, RSP_SUM_HIGH, RSP_SUM_LOW };

struct rsp {
	int in, out;  /* may be the same descriptor; not closed here */
	bool no_acks; /* + and - are neither sent nor expected */
	bool closed;  /* writing failed or the input has ended */
	uint8_t input[RSP_INPUT_SIZE];
	size_t input_start, input_end; /* received and not yet looked at */
	enum rsp_state state;
	bool too_long;
	uint8_t sum;                     /* of the text so far */
	uint8_t sum_received;            /* its first digit */
	char packet[RSP_PACKET_MAX + 1]; /* the last packet's text, without escapes */
	size_t length;
	char sent[2 * RSP_PACKET_MAX + 4]; /* the last packet sent, whole, to send it again */
	size_t sent_length;
};

void rsp_open(struct rsp *r, int in, int out);

/* Waits for the next event: never RSP_NOTHING. A packet is valid until the next call. */
enum rsp_event rsp_receive(struct rsp *r);

/* The same without waiting: RSP_NOTHING if what has come makes no event yet. */
enum rsp_event rsp_poll(struct rsp *r);

/* Has something been taken in that is not looked at yet? */
bool rsp_has_input(const struct rsp *r);

/*
 * Takes in what has come, as far as there is room, and leaves it for later. False: the other end
 * is gone.
 */
bool rsp_keep(struct rsp *r);

/* Sends a packet; at most RSP_PACKET_MAX bytes, any bytes. False: the other end is gone. */
bool rsp_send(struct rsp *r, const char *text, size_t length);

/* Sends text for the user to see, as many O packets as it takes. */
bool rsp_send_output(struct rsp *r, const char *text, size_t length);

/* Writes 2 * length hexadecimal digits and a zero byte; returns how many digits. */
size_t rsp_to_hex(char *digits, const void *bytes, size_t length);

/* Reads pairs of digits until something else comes, at most `most` bytes; returns how many. */
size_t rsp_from_hex(uint8_t *bytes, const char *digits, size_t most);

/* Takes a hexadecimal number of at most 32 bits off *text; false if none stands there. */
bool rsp_take_number(const char **text, uint32_t *value);

/* Takes a word off *text; false if another one stands there. */
bool rsp_take_word(const char **text, const char *word);

#endif
