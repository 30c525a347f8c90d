/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Framing: bytes in, packets out, one byte at a time through a small state machine.
 *
 * The invariant: rsp.packet is written by packet_add() alone, which keeps one byte for the zero.
 *
 * Read: Debugging with GDB, appendix E, "Overview" and "Packet Acknowledgment".
 */
#include "rsp.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define BREAK_BYTE   0x03
#define ESCAPE_BYTE  '}'
#define ESCAPE_FLIP  0x20
#define OUTPUT_CHUNK ((RSP_PACKET_MAX - 1) / 2) /* bytes of one O packet */

static const char hex_digits[] = "0123456789abcdef";

void rsp_open(struct rsp *r, int in, int out)
{
	memset(r, 0, sizeof(*r));
	r->in = in;
	r->out = out;
}

/* ---- out ---- */

static bool bytes_send(struct rsp *r, const char *bytes, size_t length)
{
	while (length && !r->closed) {
		ssize_t n = write(r->out, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			r->closed = true;
			break;
		}
		bytes += n;
		length -= (size_t)n;
	}
	return !r->closed;
}

static bool must_escape(char c)
{
	return c == '$' || c == '#' || c == ESCAPE_BYTE || c == '*';
}

bool rsp_send(struct rsp *r, const char *text, size_t length)
{
	size_t at = 0;
	uint8_t sum = 0;

	if (length > RSP_PACKET_MAX)
		length = RSP_PACKET_MAX;
	r->sent[at++] = '$';
	for (size_t i = 0; i < length; i++) {
		if (must_escape(text[i]))
			r->sent[at++] = ESCAPE_BYTE;
		r->sent[at++] = (char)(must_escape(text[i]) ? text[i] ^ ESCAPE_FLIP : text[i]);
	}
	for (size_t i = 1; i < at; i++)
		sum = (uint8_t)(sum + (uint8_t)r->sent[i]);
	r->sent[at++] = '#';
	r->sent[at++] = hex_digits[sum >> 4];
	r->sent[at++] = hex_digits[sum & 15];
	r->sent_length = at;
	return bytes_send(r, r->sent, at);
}

bool rsp_send_output(struct rsp *r, const char *text, size_t length)
{
	char packet[RSP_PACKET_MAX + 1] = "O";

	while (length && !r->closed) {
		size_t n = length < OUTPUT_CHUNK ? length : OUTPUT_CHUNK;
		size_t digits = rsp_to_hex(packet + 1, text, n);

		rsp_send(r, packet, 1 + digits);
		text += n;
		length -= n;
	}
	return !r->closed;
}

/* ---- in ---- */

static void packet_add(struct rsp *r, char c)
{
	if (r->length < RSP_PACKET_MAX)
		r->packet[r->length++] = c;
	else
		r->too_long = true;
	r->packet[r->length] = 0;
}

static int digit_value(uint8_t c)
{
	const char *p = c ? strchr(hex_digits, c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c) : NULL;

	return p ? (int)(p - hex_digits) : -1;
}

/* The packet is complete: was it sound? */
static enum rsp_event packet_finish(struct rsp *r, uint8_t last)
{
	int high = digit_value(r->sum_received), low = digit_value(last);
	bool sound = high >= 0 && low >= 0 && (high << 4 | low) == r->sum;

	r->state = RSP_OUTSIDE;
	if (!r->no_acks)
		bytes_send(r, sound ? "+" : "-", 1);
	if (!sound)
		return RSP_NOTHING;
	return r->too_long ? RSP_TOO_LONG : RSP_PACKET;
}

static enum rsp_event byte_outside(struct rsp *r, uint8_t c)
{
	switch (c) {
	case '$':
		r->state = RSP_TEXT;
		r->sum = 0;
		r->length = 0;
		r->packet[0] = 0;
		r->too_long = false;
		return RSP_NOTHING;
	case '-':
		if (!r->no_acks)
			bytes_send(r, r->sent, r->sent_length);
		return RSP_NOTHING;
	case BREAK_BYTE:
		return RSP_BREAK;
	default: /* + and what is no part of the protocol */
		return RSP_NOTHING;
	}
}

static enum rsp_event byte_take(struct rsp *r, uint8_t c)
{
	switch (r->state) {
	case RSP_OUTSIDE:
		return byte_outside(r, c);
	case RSP_SUM_HIGH:
		r->sum_received = c;
		r->state = RSP_SUM_LOW;
		return RSP_NOTHING;
	case RSP_SUM_LOW:
		return packet_finish(r, c);
	default:
		break;
	}
	if (c == '$') /* the end of the packet before it was lost */
		return byte_outside(r, c);
	if (c == '#') {
		r->state = RSP_SUM_HIGH;
		return RSP_NOTHING;
	}
	r->sum = (uint8_t)(r->sum + c);
	if (r->state == RSP_TEXT && c == ESCAPE_BYTE) {
		r->state = RSP_ESCAPE;
		return RSP_NOTHING;
	}
	packet_add(r, (char)(r->state == RSP_ESCAPE ? c ^ ESCAPE_FLIP : c));
	r->state = RSP_TEXT;
	return RSP_NOTHING;
}

/* Reads once, if there is room. False: the input has ended. */
static bool input_read(struct rsp *r)
{
	ssize_t n;

	if (r->input_start) {
		memmove(r->input, r->input + r->input_start, r->input_end - r->input_start);
		r->input_end -= r->input_start;
		r->input_start = 0;
	}
	if (r->input_end == sizeof(r->input))
		return true;
	do
		n = read(r->in, r->input + r->input_end, sizeof(r->input) - r->input_end);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		r->closed = true;
	else
		r->input_end += (size_t)n;
	return n > 0;
}

static bool input_ready(const struct rsp *r)
{
	struct pollfd p = {r->in, POLLIN, 0};

	return poll(&p, 1, 0) > 0;
}

static enum rsp_event input_take(struct rsp *r)
{
	while (r->input_start < r->input_end) {
		enum rsp_event event = byte_take(r, r->input[r->input_start++]);

		if (event != RSP_NOTHING)
			return event;
	}
	return r->closed ? RSP_CLOSED : RSP_NOTHING;
}

enum rsp_event rsp_receive(struct rsp *r)
{
	enum rsp_event event;

	while ((event = input_take(r)) == RSP_NOTHING)
		input_read(r);
	return event;
}

enum rsp_event rsp_poll(struct rsp *r)
{
	enum rsp_event event = input_take(r);

	if (event == RSP_NOTHING && input_ready(r)) {
		input_read(r);
		event = input_take(r);
	}
	return event;
}

bool rsp_has_input(const struct rsp *r)
{
	return r->input_start < r->input_end;
}

bool rsp_keep(struct rsp *r)
{
	while (!r->closed && r->input_end - r->input_start < sizeof(r->input) && input_ready(r))
		input_read(r);
	return !r->closed;
}

/* ---- numbers and words in packets ---- */

size_t rsp_to_hex(char *digits, const void *bytes, size_t length)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < length; i++) {
		digits[2 * i] = hex_digits[p[i] >> 4];
		digits[2 * i + 1] = hex_digits[p[i] & 15];
	}
	digits[2 * length] = 0;
	return 2 * length;
}

size_t rsp_from_hex(uint8_t *bytes, const char *digits, size_t most)
{
	size_t n;

	for (n = 0; n < most; n++) {
		int high = digit_value((uint8_t)digits[2 * n]);
		int low = high < 0 ? -1 : digit_value((uint8_t)digits[2 * n + 1]);

		if (low < 0)
			break;
		bytes[n] = (uint8_t)(high << 4 | low);
	}
	return n;
}

bool rsp_take_number(const char **text, uint32_t *value)
{
	uint64_t wide = 0;
	const char *p = *text;

	while (digit_value((uint8_t)*p) >= 0 && wide <= UINT32_MAX)
		wide = wide << 4 | (unsigned)digit_value((uint8_t)*p++);
	if (p == *text || wide > UINT32_MAX)
		return false;
	*text = p;
	*value = (uint32_t)wide;
	return true;
}

bool rsp_take_word(const char **text, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*text, word, length) != 0)
		return false;
	*text += length;
	return true;
}
