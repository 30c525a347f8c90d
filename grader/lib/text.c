/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text that comes from a submission, made fit to be shown.
 *
 * Invariant: what text_escape() returns is valid UTF-8 with no control character but newline and
 * tab, so a compiler's message that quotes a hostile source cannot move the cursor, change the
 * title, or break the JSON.
 *
 * Reading: RFC 3629 (UTF-8), section 4; ECMA-48 (control sequences), section 5.4.
 */
#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ESCAPE 0x1B

static _Noreturn void memory_exhausted(void)
{
	fputs("judge: no memory left: nothing can be judged\n", stderr);
	exit(2);
}

/* A stream that writes into memory of its own. */
static FILE *text_open(char **text, size_t *size)
{
	FILE *stream = open_memstream(text, size);

	if (!stream)
		memory_exhausted();
	return stream;
}

static void text_close(FILE *stream)
{
	bool failed = ferror(stream);

	if (fclose(stream) != 0 || failed)
		memory_exhausted();
}

char *text_print(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		memory_exhausted();
	va_end(arguments);
	return text;
}

/*
 * How many bytes the character at `text` takes, and which one it is. 0 where it is not UTF-8:
 * cut short, longer than need be, a surrogate, or above U+10FFFF.
 */
static size_t utf8_decode(const uint8_t *text, size_t left, uint32_t *character)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = text[0] < 0x80         ? 1
			: text[0] >> 5 == 0x06 ? 2
			: text[0] >> 4 == 0x0E ? 3
			: text[0] >> 3 == 0x1E ? 4
					       : 0;

	if (length == 0 || length > left)
		return 0;
	*character = length == 1 ? text[0] : text[0] & (0x7Fu >> length);
	for (size_t i = 1; i < length; i++) {
		if (text[i] >> 6 != 2)
			return 0;
		*character = *character << 6 | (text[i] & 0x3F);
	}
	if (*character < smallest[length] || *character > 0x10FFFF ||
		(*character >= 0xD800 && *character <= 0xDFFF))
		return 0;
	return length;
}

/* Can the character be shown as it is? */
static bool character_is_plain(uint32_t character)
{
	if (character < 0x20)
		return character == '\n' || character == '\t';
	if (character >= 0x7F && character < 0xA0) /* DEL and the C1 controls */
		return false;
	/* These turn the direction of writing: text would not stand in the order of its bytes. */
	return !(character >= 0x200E && character <= 0x200F) &&
	       !(character >= 0x202A && character <= 0x202E) &&
	       !(character >= 0x2066 && character <= 0x2069);
}

/* The bytes of the control sequence that starts with ESC at `text`. */
static size_t sequence_length(const uint8_t *text, size_t left)
{
	size_t i = 2;

	if (left < 2)
		return left;
	if (text[1] == '[') { /* parameters, then one final byte */
		while (i < left && text[i] >= 0x20 && text[i] < 0x40)
			i++;
		return i < left && text[i] >= 0x40 && text[i] < 0x7F ? i + 1 : i;
	}
	if (text[1] == ']' || text[1] == 'P' || text[1] == '^' || text[1] == '_') {
		/* a string, up to BEL or ESC \; it never takes the line with it */
		while (i < left && text[i] >= 0x20)
			i++;
		if (i < left && text[i] == '\a')
			return i + 1;
		return i + 1 < left && text[i] == ESCAPE && text[i + 1] == '\\' ? i + 2 : i;
	}
	return text[1] >= 0x20 && text[1] < 0x7F ? 2 : 1;
}

char *text_escape(const char *text, size_t size)
{
	const uint8_t *bytes = (const uint8_t *)text;
	char *escaped;
	size_t escaped_size;
	FILE *stream = text_open(&escaped, &escaped_size);

	for (size_t i = 0; i < size;) {
		uint32_t character = 0;
		size_t length = utf8_decode(bytes + i, size - i, &character);

		if (length == 1 && character == ESCAPE) {
			i += sequence_length(bytes + i, size - i);
			continue;
		}
		if (length != 0 && character_is_plain(character)) {
			fwrite(bytes + i, 1, length, stream);
			i += length;
			continue;
		}
		for (size_t end = i + (length ? length : 1); i < end; i++)
			fprintf(stream, "\\x%02X", bytes[i]);
	}
	text_close(stream);
	return escaped;
}

char *text_without(const char *text, const char *word)
{
	size_t length = strlen(word), size;
	char *rest;
	FILE *stream = text_open(&rest, &size);
	const char *found;

	while (length != 0 && (found = strstr(text, word))) {
		fwrite(text, 1, (size_t)(found - text), stream);
		text = found + length;
	}
	fputs(text, stream);
	text_close(stream);
	return rest;
}

char *text_first_lines(const char *text, unsigned lines)
{
	const char *end = text;
	unsigned more = 0;

	for (unsigned i = 0; i < lines && *end; i++) {
		end += strcspn(end, "\n");
		end += *end == '\n';
	}
	for (const char *line = end; *line; more++) {
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	if (more == 0)
		return text_print("%s", text);
	return text_print(
		"%.*s[%u more line%s]\n", (int)(end - text), text, more, more == 1 ? "" : "s");
}

char *text_quote(const char *word)
{
	char *quoted;
	size_t size;
	bool plain = *word != '\0';
	FILE *stream;

	for (const char *c = word; *c; c++)
		plain = plain && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789/._-+,:@%",
					 *c);
	stream = text_open(&quoted, &size);
	if (!plain)
		fputc('\'', stream);
	for (const char *c = word; *c; c++) {
		if (*c == '$')
			fputs("$$", stream); /* make expands a single one */
		else if (*c == '\'')
			fputs("'\\''", stream);
		else
			fputc(*c, stream);
	}
	if (!plain)
		fputc('\'', stream);
	text_close(stream);
	return quoted;
}
