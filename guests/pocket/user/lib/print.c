/* SPDX-License-Identifier: BSD-2-Clause */
/* Text to and from the console. */
#include "pocket.h"

void printf(const char *format, ...)
{
	char text[TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	text_format(text, sizeof(text), format, arguments);
	va_end(arguments);
	write(FILE_OUTPUT, text, strlen(text));
}

bool line_read(char *line, uint32_t size)
{
	int32_t length = read(FILE_INPUT, line, size - 1);

	if (length <= 0)
		return false;
	if (line[length - 1] == '\n')
		length--;
	line[length] = '\0';
	return true;
}
