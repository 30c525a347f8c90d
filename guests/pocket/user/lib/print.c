/* SPDX-License-Identifier: BSD-2-Clause */
/* Text to files. */
#include "pocket.h"

static void text_write(int32_t file, const char *text)
{
	if (write(file, text, strlen(text)) == ERROR_PIPE)
		exit(ERROR_PIPE);
}

void print(int32_t file, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	text_format(text, sizeof(text), format, arguments);
	va_end(arguments);
	text_write(file, text);
}

void printf(const char *format, ...)
{
	char text[TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	text_format(text, sizeof(text), format, arguments);
	va_end(arguments);
	text_write(FILE_OUTPUT, text);
}

int32_t complain(const char *program, const char *what, int32_t error)
{
	print(FILE_ERROR, "%s: %s: %s\n", program, what, error_text(error));
	return 1;
}
