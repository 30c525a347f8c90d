/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Output, and the editing of input lines.
 *
 * Characters of input wait in a ring. Those up to `line_end` are in finished lines and can be read;
 * those behind it can still be rubbed out with backspace.
 */
#include "console.h"

#include "cpu.h"
#include "format.h"
#include "keyboard.h"
#include "lock.h"
#include "ring.h"
#include "screen.h"
#include "string.h"
#include "task.h"
#include "uart.h"

#define INTERRUPT    0x03 /* Ctrl-C */
#define END_OF_INPUT 0x04 /* Ctrl-D */
#define RUBOUT       0x7f /* what most terminals send for backspace */

static struct sleep_lock output_lock = {.lock.name = "console output"};
static struct lock input_lock = {.name = "console input"};
static struct ring input;
static uint32_t foreground_job; /* 0: none */
static uint32_t line_end;       /* counts as input.put and input.got do */

void console_init(void)
{
	screen_init();
	bool serial = uart_init();
	bool keyboard = keyboard_init();

	console_printf("pocket: a small operating system\n");
	console_printf("console: screen%s%s\n", serial ? ", serial line" : "",
		keyboard ? ", keyboard" : "");
}

/* ---- output ---- */

static void output_put(const char *text, uint32_t length, bool may_sleep)
{
	bool handed_over = console_hand_over(text, length);

	for (uint32_t i = 0; i < length; i++) {
		screen_put(text[i]);
		if (!handed_over)
			uart_put(text[i], may_sleep);
	}
}

/* With interrupts off, be it at the start, in an interrupt or in a panic, no one can sleep. */
void console_write(const char *text, uint32_t length)
{
	bool may_sleep = interrupts_enabled();

	if (may_sleep)
		sleep_lock_acquire(&output_lock);
	output_put(text, length, may_sleep);
	if (may_sleep)
		sleep_lock_release(&output_lock);
}

void console_printf(const char *format, ...)
{
	char text[TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	text_format(text, sizeof(text), format, arguments);
	va_end(arguments);
	console_write(text, strlen(text));
}

/* ---- input ---- */

static void echo(const char *text)
{
	output_put(text, strlen(text), false);
}

static void character_rub_out(void)
{
	if (input.put == line_end)
		return;
	input.put--;
	echo("\b \b");
}

/* What does not fit is lost, but the last place is kept for the end of the line. */
static void character_add(char c)
{
	bool ends = c == '\n' || c == END_OF_INPUT;

	if (ring_is_full(&input) || (!ends && input.put - input.got == RING_BYTES - 1))
		return;
	ring_put(&input, c);
	if (c != END_OF_INPUT)
		echo((const char[]){c, '\0'});
	if (ends) {
		line_end = input.put;
		task_wake(&input);
	}
}

/* The line is given up. Where there is no one to be ended, an empty line tells the reader. */
static void job_end(void)
{
	input.put = line_end;
	echo("^C");
	if (foreground_job && task_kill_job(foreground_job))
		echo("\n");
	else
		character_add('\n');
}

void console_job(uint32_t job)
{
	foreground_job = job;
}

void console_input(char c)
{
	uint32_t flags = lock_acquire(&input_lock);

	if (c == '\b' || c == RUBOUT)
		character_rub_out();
	else if (c == INTERRUPT)
		job_end();
	else if (c == '\r')
		character_add('\n');
	else if (c == '\n' || c == '\t' || c == END_OF_INPUT || (c >= ' ' && c < RUBOUT))
		character_add(c);
	lock_release(&input_lock, flags);
}

uint32_t console_read(char *text, uint32_t size)
{
	uint32_t flags = lock_acquire(&input_lock), count = 0;

	while (input.got == line_end && !task_current()->killed)
		task_sleep(&input, &input_lock);
	while (count < size && input.got != line_end) {
		char c = ring_get(&input);
		if (c == END_OF_INPUT)
			break;
		text[count++] = c;
		if (c == '\n')
			break;
	}
	lock_release(&input_lock, flags);
	return count;
}
