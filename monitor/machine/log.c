/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor's log. Port 0xe9 is Bochs's and QEMU's debug console; a machine that has none
 * gets the log on its serial line, between the guests' output. A copy of the last bytes stays
 * in memory, at log_buffer, for the debugger and for whoever looks from outside; with the word
 * log=memory on the monitor's command line they go nowhere else.
 */
#include "cpu.h"
#include "machine.h"

#define LOG_PORT        0xe9
#define LOG_BUFFER_SIZE 16384

char log_buffer[LOG_BUFFER_SIZE];
uint32_t log_length; /* bytes ever written; the newest is at (log_length - 1) % LOG_BUFFER_SIZE */

static enum { MEMORY_ONLY, DEBUG_CONSOLE, SERIAL_LINE } log_goes_to;

void log_init(bool memory_only)
{
	/* A debug console answers a read with the number of its own port. */
	bool has_debug_console = port_read8(LOG_PORT) == LOG_PORT;

	log_goes_to = memory_only ? MEMORY_ONLY : has_debug_console ? DEBUG_CONSOLE : SERIAL_LINE;
}

static void log_put(char c)
{
	log_buffer[log_length++ % LOG_BUFFER_SIZE] = c;
	if (log_goes_to == DEBUG_CONSOLE)
		port_write8(LOG_PORT, (uint8_t)c);
	else if (log_goes_to == SERIAL_LINE)
		serial_put((uint8_t)c);
}

/* Where formatted text goes: into a buffer, or to the log where there is none. */
struct sink {
	char *text;
	size_t size;
	size_t length;
};

static void sink_put(struct sink *sink, char c)
{
	if (!sink->text)
		log_put(c);
	else if (sink->length + 1 < sink->size)
		sink->text[sink->length++] = c;
}

static void sink_put_number(struct sink *sink, uint32_t value, unsigned base, int width, char pad)
{
	char digits[11];
	int count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	for (; width > count; width--)
		sink_put(sink, pad);
	while (count)
		sink_put(sink, digits[--count]);
}

static void sink_put_text(struct sink *sink, const char *text, int width)
{
	for (; *text; text++, width--)
		sink_put(sink, *text);
	for (; width > 0; width--)
		sink_put(sink, ' ');
}

static void sink_format(struct sink *sink, const char *format, va_list arguments)
{
	for (; *format; format++) {
		if (*format != '%') {
			sink_put(sink, *format);
			continue;
		}
		format++;
		if (*format == '-') /* text is always set to the left */
			format++;
		char pad = *format == '0' ? '0' : ' ';
		int width = 0;
		while (*format >= '0' && *format <= '9')
			width = width * 10 + (*format++ - '0');
		int number;
		switch (*format) {
		case 's':
			sink_put_text(sink, va_arg(arguments, const char *), width);
			break;
		case 'c':
			sink_put(sink, (char)va_arg(arguments, int));
			break;
		case 'u':
			sink_put_number(sink, va_arg(arguments, uint32_t), 10, width, pad);
			break;
		case 'x':
			sink_put_number(sink, va_arg(arguments, uint32_t), 16, width, pad);
			break;
		case 'd':
			number = va_arg(arguments, int);
			if (number < 0)
				sink_put(sink, '-');
			sink_put_number(sink, number < 0 ? -(uint32_t)number : (uint32_t)number, 10,
				width, pad);
			break;
		default:
			sink_put(sink, *format);
		}
	}
}

void log_printf(const char *format, ...)
{
	struct sink sink = {0};
	va_list arguments;

	va_start(arguments, format);
	sink_format(&sink, format, arguments);
	va_end(arguments);
}

void text_format(char *text, size_t size, const char *format, va_list arguments)
{
	struct sink sink = {.text = text, .size = size};

	sink_format(&sink, format, arguments);
	text[sink.length] = '\0';
}

void text_printf(char *text, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	text_format(text, size, format, arguments);
	va_end(arguments);
}

void panic(const char *format, ...)
{
	struct sink sink = {0};
	va_list arguments;

	log_printf("ringfence: PANIC: ");
	va_start(arguments, format);
	sink_format(&sink, format, arguments);
	va_end(arguments);
	log_printf("\n");
	machine_power_off();
}

void organ_unwritten(const char *function)
{
	log_printf(
		"ringfence: %s() is not written yet: see its contract in monitor/include and the lab's README.md\n",
		function);
	machine_power_off();
}
