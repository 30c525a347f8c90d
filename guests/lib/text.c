/* SPDX-License-Identifier: BSD-2-Clause */
/* Formatted text. Nothing is ever written behind the end of the buffer: what does not fit is cut.
 */
#include "guest.h"

struct sink {
	char *text;
	size_t size, length;
};

static void sink_put(struct sink *sink, char c)
{
	if (sink->length + 1 < sink->size)
		sink->text[sink->length++] = c;
}

static void sink_put_text(struct sink *sink, const char *text)
{
	while (*text)
		sink_put(sink, *text++);
}

static void sink_put_number(struct sink *sink, uint32_t value, unsigned base, unsigned width)
{
	char digits[10]; /* of 2^32 - 1 */
	unsigned count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	for (; width > count; width--)
		sink_put(sink, '0');
	while (count)
		sink_put(sink, digits[--count]);
}

void text_format(char *text, size_t size, const char *format, va_list arguments)
{
	struct sink sink = {.text = text, .size = size};

	for (; *format; format++) {
		if (*format != '%') {
			sink_put(&sink, *format);
			continue;
		}
		unsigned width = 0;
		while (*++format >= '0' && *format <= '9')
			width = width * 10 + (unsigned)(*format - '0');
		switch (*format) {
		case 's':
			sink_put_text(&sink, va_arg(arguments, const char *));
			break;
		case 'c':
			sink_put(&sink, (char)va_arg(arguments, int));
			break;
		case 'u':
			sink_put_number(&sink, va_arg(arguments, uint32_t), 10, width);
			break;
		case 'x':
			sink_put_number(&sink, va_arg(arguments, uint32_t), 16, width);
			break;
		default:
			sink_put(&sink, *format);
		}
	}
	text[sink.length] = '\0';
}

void text_printf(char *text, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	text_format(text, size, format, arguments);
	va_end(arguments);
}
