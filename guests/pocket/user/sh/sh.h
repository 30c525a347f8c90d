/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of sh. A line is jobs; each becomes tokens and is run before the next one is looked at.
 */
#ifndef SH_H
#define SH_H

#include "pocket.h"

enum token_type {
	TOKEN_WORD,
	TOKEN_PIPE,       /* | */
	TOKEN_INPUT,      /* < */
	TOKEN_OUTPUT,     /* > */
	TOKEN_APPEND,     /* >> */
	TOKEN_THEN,       /* ; */
	TOKEN_BACKGROUND, /* & */
};

struct token {
	enum token_type type;
	char *text; /* a word's, without quotes */
};

#define STATUS_USAGE 2 /* of a line with a mistake */

#define TOKENS_MAX 64

struct tokens {
	struct token token[TOKENS_MAX + 1];
	char text[LINE_MAX + 16 * TOKENS_MAX]; /* of all words; $? can be longer than it was */
};

/* The shell's state. */
struct shell {
	bool interactive; /* someone types */
	int32_t status;   /* of the last command */
	bool ended;       /* by the command exit */
};

/* ---- sh/tokens.c ---- */

/* Takes the next job from the line: up to a ; or & or the end, which is its last token. NULL, or
 * what is wrong with it. `status` is what $? stands for. */
const char *tokens_read(struct tokens *tokens, const char **line, int32_t status);

/* ---- sh/run.c ---- */

/* Runs a job. NULL, or what is wrong with it. */
const char *job_run(struct shell *shell, struct token *token);

#endif
