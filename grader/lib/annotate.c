/* SPDX-License-Identifier: BSD-2-Clause */
/* Names for addresses; annotate.h says where. */
#include "annotate.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS 8 /* the monitor prints addresses with all of them */

static bool is_code(const struct symbols *monitor, uint32_t address)
{
	size_t count;
	const struct symbols_range *section = symbols_sections(monitor, &count);

	for (size_t i = 0; i < count; i++)
		if (section[i].executable && address >= section[i].start &&
			address < section[i].end)
			return true;
	return false;
}

void annotate_line(
	const struct symbols *monitor, const char *line, size_t length, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	if (length < DIGITS || !memmem(line, length, "PANIC", 5))
		return;
	for (size_t at = 0; at + DIGITS <= length; at++) {
		char number[DIGITS + 1] = "";
		uint32_t offset;

		if ((at > 0 && isalnum((unsigned char)line[at - 1])) ||
			(at + DIGITS < length && isalnum((unsigned char)line[at + DIGITS])))
			continue;
		memcpy(number, line + at, DIGITS);
		if (strspn(number, "0123456789abcdef") != DIGITS)
			continue;
		uint32_t address = (uint32_t)strtoul(number, NULL, 16);
		const char *name = is_code(monitor, address)
					   ? symbols_lookup(monitor, address, &offset)
					   : NULL;
		if (name && used < size)
			used += (size_t)snprintf(
				text + used, size - used, " [%s: %s+%#x]", number, name, offset);
	}
}
