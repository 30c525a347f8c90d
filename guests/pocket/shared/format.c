/* SPDX-License-Identifier: BSD-2-Clause */
/* Formatted text: see format.h. All output goes through text_put(), which alone knows the end. */
#include "format.h"

#include <stdbool.h>
#include <stdint.h>

struct output {
	char *text;
	size_t size, length;
};

static void text_put(struct output *output, char c)
{
	if (output->length + 1 < output->size)
		output->text[output->length++] = c;
}

static void text_put_string(struct output *output, const char *string)
{
	while (*string)
		text_put(output, *string++);
}

/* How a number is to look. */
struct style {
	unsigned base, width;
	bool negative;
	char fill; /* to the left, up to the width */
};

static void text_put_number(struct output *output, uint32_t value, struct style style)
{
	char digits[10]; /* of 2^32 - 1 */
	unsigned count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % style.base];
		value /= style.base;
	} while (value);
	unsigned length = count + style.negative;
	if (style.negative && style.fill == '0')
		text_put(output, '-');
	for (; length < style.width; length++)
		text_put(output, style.fill);
	if (style.negative && style.fill != '0')
		text_put(output, '-');
	while (count)
		text_put(output, digits[--count]);
}

static void text_put_signed(struct output *output, int32_t value, struct style style)
{
	style.negative = value < 0;
	text_put_number(output, style.negative ? -(uint32_t)value : (uint32_t)value, style);
}

void text_format(char *text, size_t size, const char *format, va_list arguments)
{
	struct output output = {.text = text, .size = size};

	for (; *format; format++) {
		if (*format != '%') {
			text_put(&output, *format);
			continue;
		}
		struct style style = {.base = 10, .fill = ' '};
		if (*++format == '0')
			style.fill = '0';
		for (; *format >= '0' && *format <= '9'; format++)
			style.width = style.width * 10 + (unsigned)(*format - '0');
		switch (*format) {
		case 's':
			text_put_string(&output, va_arg(arguments, const char *));
			break;
		case 'c':
			text_put(&output, (char)va_arg(arguments, int));
			break;
		case 'd':
			text_put_signed(&output, va_arg(arguments, int), style);
			break;
		case 'x':
			style.base = 16;
			text_put_number(&output, va_arg(arguments, unsigned), style);
			break;
		case 'u':
			text_put_number(&output, va_arg(arguments, unsigned), style);
			break;
		case '\0':
			format--; /* a lone % at the end */
			break;
		default:
			text_put(&output, *format);
		}
	}
	text[output.length] = '\0';
}
