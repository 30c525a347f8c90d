/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands to Bochs's debugger, and the answers.
 *
 * The idea: never guess from the look of the text whether Bochs has finished. Every command is
 * followed by one that makes it print a random number; the answer ends at the line with that
 * number. A run is the same: Bochs reads the second command when the machine has stopped.
 *
 * The invariant: only the stream `debugger` is believed, which nothing in the machine can write to.
 * The number is a second lock on the same door, and the only one on standard output: there it tells
 * where the debugger's words after a run end, and what stands before them came from port 0xE9.
 */
#include "bochs_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE 65536u
#define LOG_KEPT  65536u /* of Bochs's own log */
#define OUTPUT_MAX                                                                                 \
	(4u << 20) /* of standard output during one run; half of it is kept when full              \
		    */

void text_append(struct text *t, const char *bytes, size_t length)
{
	if (t->length + length + 1 > t->capacity) {
		size_t capacity = 2 * (t->length + length + 1);
		char *grown = realloc(t->bytes, capacity);

		if (!grown)
			abort();
		t->bytes = grown;
		t->capacity = capacity;
	}
	memcpy(t->bytes + t->length, bytes, length);
	t->length += length;
	t->bytes[t->length] = 0;
}

void text_clear(struct text *t)
{
	t->length = 0;
	text_append(t, "", 0);
}

void text_keep_last(struct text *t, size_t length)
{
	if (t->length <= length)
		return;
	memmove(t->bytes, t->bytes + t->length - length, length + 1);
	t->length = length;
}

void text_free(struct text *t)
{
	free(t->bytes);
	memset(t, 0, sizeof(*t));
}

uint64_t milliseconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int talk_send(struct bochs *b, const char *commands)
{
	char text[TALK_MAX + NONCE_ANSWER_MAX];
	uint64_t nonce;
	int length;

	if (getrandom(&nonce, sizeof(nonce), 0) != sizeof(nonce))
		return bochs_fail(b, "the kernel gives no random numbers: %s", strerror(errno));
	nonce |= 1ull << 60;
	nonce &= ~(1ull << 63);
	length = snprintf(text, sizeof(text), "%scalc 0x%" PRIx64 "\n", commands, nonce);
	if (length < 0 || (size_t)length >= sizeof(text))
		return bochs_fail(b, "a command for Bochs is too long");
	snprintf(b->nonce_answer, sizeof(b->nonce_answer), "0x%" PRIx64 " %" PRId64 "\n", nonce,
		(int64_t)nonce);
	b->answered = false;
	text_clear(&b->answer);
	text_clear(&b->line);
	/* We hold the reading end too: this neither blocks nor raises SIGPIPE, even if Bochs is
	 * gone. */
	if (write(b->commands, text, (size_t)length) != length)
		return bochs_fail(b, "cannot write to Bochs: %s", strerror(errno));
	return 0;
}

/* A finished line of the debugger's, with its newline. */
static void line_take(struct bochs *b)
{
	if (!strcmp(b->line.bytes, b->nonce_answer))
		b->answered = true;
	else if (!(b->moving && b->trace.on && trace_take(b, b->line.bytes)))
		text_append(&b->answer, b->line.bytes, b->line.length);
	text_clear(&b->line);
}

static ssize_t stream_read(int fd, char *bytes)
{
	ssize_t n;

	do
		n = read(fd, bytes, READ_SIZE);
	while (n < 0 && errno == EINTR);
	return n;
}

bool talk_read_debugger(struct bochs *b)
{
	static _Thread_local char bytes[READ_SIZE];
	ssize_t n = stream_read(b->debugger, bytes);

	for (char *p = bytes; n > 0 && p < bytes + n;) {
		char *newline = memchr(p, '\n', (size_t)(bytes + n - p));
		char *end = newline ? newline + 1 : bytes + n;

		text_append(&b->line, p, (size_t)(end - p));
		if (newline)
			line_take(b);
		p = end;
	}
	return n > 0;
}

/* Takes in what a stream has; keeps the last bytes when there are more than `most`. */
static bool stream_collect(int fd, struct text *t, size_t most, size_t kept)
{
	static _Thread_local char bytes[READ_SIZE];
	ssize_t n = stream_read(fd, bytes);

	if (n > 0)
		text_append(t, bytes, (size_t)n);
	if (t->length > most)
		text_keep_last(t, kept);
	return n > 0;
}

bool talk_read_log(struct bochs *b)
{
	return stream_collect(b->log, &b->log_text, 2 * LOG_KEPT, LOG_KEPT);
}

bool talk_read_output(struct bochs *b)
{
	return stream_collect(b->output, &b->output_text, OUTPUT_MAX, OUTPUT_MAX / 2);
}

static bool text_ends_in(const struct text *t, const char *bytes, size_t length)
{
	return t->length >= length && !memcmp(t->bytes + t->length - length, bytes, length);
}

/* Standard output repeats the debugger's words: it must have had the last of them, too. */
static bool output_complete(const struct bochs *b)
{
	return b->output < 0 ||
	       text_ends_in(&b->output_text, b->nonce_answer, strlen(b->nonce_answer));
}

void talk_settle_output(struct bochs *b)
{
	const char *words = b->answer.bytes;
	size_t length = b->answer.length;
	const char *newline;

	if (b->output < 0)
		return;
	if (b->answered) {
		/* the last line of the answer repeats the command for the number */
		b->output_text.length -= strlen(b->nonce_answer);
		while (length && words[length - 1] == '\n')
			length--;
		while (length && words[length - 1] != '\n')
			length--;
	}
	/* the first line repeats the command to run */
	newline = memchr(words, '\n', length);
	if (newline) {
		length -= (size_t)(newline + 1 - words);
		words = newline + 1;
	}
	if (text_ends_in(&b->output_text, words, length))
		b->output_text.length -= length;
	text_append(&b->e9_text, b->output_text.bytes, b->output_text.length);
	if (b->e9_text.length > BOCHS_LOG_MAX)
		b->e9_dropped += b->e9_text.length - BOCHS_LOG_MAX;
	text_keep_last(&b->e9_text, BOCHS_LOG_MAX);
	text_clear(&b->output_text);
}

enum talk talk_wait(struct bochs *b, uint64_t milliseconds)
{
	bool listen = b->moving && !b->interrupted;
	struct pollfd p[4] = {
		{b->debugger, POLLIN, 0},
		{b->log, POLLIN, 0},
		{b->output, POLLIN, 0},
		{listen ? b->interrupt_fd : -1, POLLIN, 0},
	};
	bool alive = true;

	if (poll(p, 4, (int)milliseconds) <= 0)
		return TALK_WAITING;
	if (p[3].revents)
		b->interrupted = 1;
	if (p[1].revents)
		talk_read_log(b);
	if (p[2].revents)
		alive &= talk_read_output(b);
	if (p[0].revents)
		alive &= talk_read_debugger(b);
	if (b->answered && output_complete(b))
		return TALK_ANSWERED;
	return alive ? TALK_WAITING : TALK_DIED;
}

int talk_ask(struct bochs *b, const char *commands)
{
	uint64_t end = milliseconds_now() + 1000ull * b->seconds;
	enum talk talk = TALK_WAITING;

	b->moving = false;
	if (talk_send(b, commands))
		return -1;
	while (talk == TALK_WAITING && milliseconds_now() < end)
		talk = talk_wait(b, 100);
	if (talk == TALK_ANSWERED) {
		if (b->output >= 0)
			text_clear(&b->output_text);
		return 0;
	}
	process_bury(b, talk == TALK_DIED ? END_GRACE_MS : 0);
	if (talk == TALK_WAITING) {
		b->exit = BOCHS_EXIT_FAILED;
		bochs_fail(b, "Bochs did not answer for %u seconds and was killed", b->seconds);
	}
	return -1;
}
