/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shell: reads lines and runs them, from a file that it is given or from its input. Where its
 * input is the console it asks for them. Its parts are in the folder sh.
 */
#include "sh/sh.h"

/* After a mistake the rest of the line is left out. */
static void line_run(struct shell *shell, const char *line)
{
	static struct tokens tokens;
	const char *mistake = NULL;

	while (*line && !mistake && !shell->ended) {
		mistake = tokens_read(&tokens, &line, shell->status);
		if (mistake)
			shell->status = STATUS_USAGE;
		else
			mistake = job_run(shell, tokens.token);
	}
	if (mistake)
		print(FILE_ERROR, "sh: %s\n", mistake);
}

static void prompt(const struct shell *shell)
{
	if (shell->interactive)
		printf("$ ");
}

int32_t main(int32_t argc, char **argv)
{
	static struct reader reader;
	struct shell shell = {0};
	struct file_status status;
	char line[LINE_MAX];
	int32_t file = argc > 1 ? open(argv[1], OPEN_READ) : FILE_INPUT;

	if (file < 0)
		return complain("sh", argv[1], file);
	shell.interactive = file_status(file, &status) == 0 && status.type == TYPE_CONSOLE;
	reader_begin(&reader, file);
	prompt(&shell);
	while (reader_line(&reader, line) > 0) {
		line_run(&shell, line);
		if (shell.ended)
			return shell.status;
		prompt(&shell);
	}
	if (shell.interactive)
		printf("\n");
	return shell.status;
}
