/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running a job: commands with | between, each of which is words and redirections.
 *
 * A new task runs the job: the command itself, or, where there are several, their parent. Only `cd`
 * and `exit`, alone in a job, are done by the shell itself.
 */
#include "sh.h"

#define STATUS_NOT_RUN 127
#define OUTPUT_FLAGS   (OPEN_WRITE | OPEN_CREATE)

static bool ends_command(const struct token *token)
{
	return token->type == TOKEN_PIPE || token->type == TOKEN_THEN ||
	       token->type == TOKEN_BACKGROUND;
}

static bool is_redirection(const struct token *token)
{
	return token->type == TOKEN_INPUT || token->type == TOKEN_OUTPUT ||
	       token->type == TOKEN_APPEND;
}

/* ---- one command, in the task that becomes it ---- */

/* Lets `descriptor` be a file. */
static void redirect(int32_t descriptor, const char *path, uint32_t flags)
{
	int32_t file = open(path, flags);

	if (file < 0) {
		complain("sh", path, file);
		exit(STATUS_NOT_RUN);
	}
	if (file != descriptor) {
		dup2(file, descriptor);
		close(file);
	}
}

static _Noreturn void command_exec(struct token *token)
{
	char *argv[TOKENS_MAX + 1];
	unsigned argc = 0;

	for (; !ends_command(token); token++) {
		enum token_type type = token->type;
		if (is_redirection(token))
			token++;
		if (type == TOKEN_WORD)
			argv[argc++] = token->text;
		else if (type == TOKEN_INPUT)
			redirect(FILE_INPUT, token->text, OPEN_READ);
		else if (type == TOKEN_APPEND)
			redirect(FILE_OUTPUT, token->text, OUTPUT_FLAGS | OPEN_APPEND);
		else
			redirect(FILE_OUTPUT, token->text, OUTPUT_FLAGS | OPEN_TRUNCATE);
	}
	if (argc == 0)
		exit(0); /* only redirections: they may have made a file */
	argv[argc] = NULL;
	complain("sh", argv[0], exec_named(argv[0], argv));
	exit(STATUS_NOT_RUN);
}

/* ---- one job, in a task of its own ---- */

/* Starts the command with its input from `input`. Where `output` is not NULL, its output goes to a
 * new pipe, whose other end is left there. Returns its id. */
static int32_t command_start(struct token *token, int32_t input, int32_t *output)
{
	int32_t ends[2] = {-1, -1};

	if (output && pipe(ends) < 0)
		return ERROR_TOO_MANY;
	int32_t id = fork();
	if (id == 0) {
		if (input >= 0) {
			dup2(input, FILE_INPUT);
			close(input);
		}
		if (output) {
			dup2(ends[1], FILE_OUTPUT);
			close(ends[0]);
			close(ends[1]);
		}
		command_exec(token);
	}
	if (output) {
		close(ends[1]);
		*output = ends[0];
	}
	return id;
}

static struct token *command_end(struct token *token)
{
	while (!ends_command(token))
		token++;
	return token;
}

/* Ends with the last command's status. */
static _Noreturn void commands_run(struct token *token)
{
	int32_t input = -1, last, id, status, result = STATUS_NOT_RUN;
	struct token *end = command_end(token);

	if (end->type != TOKEN_PIPE)
		command_exec(token);
	for (; end->type == TOKEN_PIPE; token = end + 1, end = command_end(token)) {
		int32_t output;
		last = command_start(token, input, &output);
		close(input);
		if (last < 0)
			exit(complain("sh", "|", last));
		input = output;
	}
	last = command_start(token, input, NULL);
	close(input);
	while ((id = wait(&status)) > 0)
		if (id == last)
			result = status;
	exit(result);
}

/* Reading gives nothing: no one writes to this pipe. */
static void input_empty(void)
{
	int32_t ends[2];

	if (pipe(ends) < 0)
		return;
	dup2(ends[0], FILE_INPUT);
	close(ends[0]);
	close(ends[1]);
}

/* ---- in the shell ---- */

/* NULL, or what is wrong. A job may be empty, but no command beside a pipe. */
static const char *job_check(const struct token *token)
{
	unsigned words = 0, pipes = 0;

	for (;; token++) {
		words += token->type == TOKEN_WORD;
		if (is_redirection(token) && (++token)->type != TOKEN_WORD)
			return "a file's name is missing";
		if (!ends_command(token))
			continue;
		pipes += token->type == TOKEN_PIPE;
		if (words == 0 && (pipes > 0 || token->type == TOKEN_BACKGROUND))
			return "a command is missing";
		if (token->type != TOKEN_PIPE)
			return NULL;
		words = 0;
	}
}

/* cd and exit. False: it is neither. */
static bool builtin_run(struct shell *shell, struct token *token)
{
	const char *argument = token[1].type == TOKEN_WORD ? token[1].text : NULL;

	if (strcmp(token->text, "cd") == 0) {
		const char *path = argument ? argument : "/";
		int32_t error = chdir(path);
		shell->status = error < 0 ? complain("cd", path, error) : 0;
		return true;
	}
	if (strcmp(token->text, "exit") == 0) {
		if (argument)
			shell->status = (int32_t)number_read(argument);
		shell->ended = true;
		return true;
	}
	return false;
}

/* A job in the background belongs to no shell: its parent ends at once. */
static void job_start(struct shell *shell, struct token *token, bool background)
{
	int32_t id = fork();

	if (id == 0) {
		if (shell->interactive)
			job_begin(!background);
		if (background) {
			if (fork() != 0)
				exit(0);
			input_empty();
		}
		commands_run(token);
	}
	if (id < 0)
		shell->status = complain("sh", "fork", id);
	else
		waitpid(id, &shell->status);
}

const char *job_run(struct shell *shell, struct token *token)
{
	const char *mistake = job_check(token);
	struct token *end = command_end(token);
	bool empty = end == token, alone = end->type == TOKEN_THEN;

	while (end->type == TOKEN_PIPE)
		end = command_end(end + 1);
	if (mistake)
		shell->status = STATUS_USAGE;
	else if (!empty && !(alone && token->type == TOKEN_WORD && builtin_run(shell, token)))
		job_start(shell, token, end->type == TOKEN_BACKGROUND);
	return mistake;
}
