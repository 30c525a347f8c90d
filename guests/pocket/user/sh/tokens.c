/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a line to tokens. The end of the line is as good as a ;
 *
 * Blanks end a word, and so do the operators. Between quotes nothing does. $? becomes a number,
 * except between single quotes. What follows # at the beginning of a word is a comment.
 */
#include "sh.h"

/* What is being put together. */
struct output {
	struct tokens *tokens;
	unsigned count; /* tokens */
	char *end;      /* of the text */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static enum token_type operator_type(const char *line)
{
	switch (*line) {
	case '|':
		return TOKEN_PIPE;
	case '<':
		return TOKEN_INPUT;
	case '>':
		return line[1] == '>' ? TOKEN_APPEND : TOKEN_OUTPUT;
	case ';':
		return TOKEN_THEN;
	case '&':
		return TOKEN_BACKGROUND;
	default:
		return TOKEN_WORD;
	}
}

static void token_add(struct output *output, enum token_type type, char *text)
{
	output->tokens->token[output->count++] = (struct token){.type = type, .text = text};
}

static void text_put(struct output *output, char c)
{
	if (output->end < output->tokens->text + sizeof(output->tokens->text) - 1)
		*output->end++ = c;
}

static void number_put(struct output *output, int32_t number)
{
	uint32_t size = number < 0 ? -(uint32_t)number : (uint32_t)number, digit = 1;

	if (number < 0)
		text_put(output, '-');
	while (size / digit >= 10)
		digit *= 10;
	for (; digit > 0; digit /= 10)
		text_put(output, (char)('0' + size / digit % 10));
}

/* Takes one word. Returns what is behind it; NULL: a quote is not closed. */
static const char *word_take(struct output *output, const char *line, int32_t status)
{
	char quote = '\0', *start = output->end;

	for (; *line; line++) {
		if (!quote && (is_blank(*line) || operator_type(line) != TOKEN_WORD))
			break;
		if (quote ? *line == quote : *line == '"' || *line == '\'') {
			quote = quote ? '\0' : *line;
		} else if (quote != '\'' && line[0] == '$' && line[1] == '?') {
			number_put(output, status);
			line++;
		} else {
			text_put(output, *line);
		}
	}
	*output->end++ = '\0';
	token_add(output, TOKEN_WORD, start);
	return quote ? NULL : line;
}

const char *tokens_read(struct tokens *tokens, const char **rest, int32_t status)
{
	struct output output = {.tokens = tokens, .end = tokens->text};
	const char *line = *rest;
	enum token_type type = TOKEN_WORD;

	do {
		while (is_blank(*line))
			line++;
		if (*line == '#')
			line += strlen(line);
		if (output.count == TOKENS_MAX && *line)
			return "too many words";
		type = *line ? operator_type(line) : TOKEN_THEN;
		if (type != TOKEN_WORD) {
			token_add(&output, type, NULL);
			line += *line ? 1 + (type == TOKEN_APPEND) : 0;
		} else if (!(line = word_take(&output, line, status))) {
			return "a quote is not closed";
		}
	} while (type != TOKEN_THEN && type != TOKEN_BACKGROUND);
	*rest = line;
	return NULL;
}
