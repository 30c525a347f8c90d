/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first program. Its arguments are the words of the kernel's command line:
 *
 *   run=NAME:WORD:WORD,NAME...   runs these programs, one after another
 *   shell                        runs a shell on the console, until it is told to exit
 *
 * Without any of them it runs the script /etc/rc. In the end it switches the machine off. It also
 * waits for the children of those that did not wait for them.
 */
#include "pocket.h"

#define WORDS_MAX      8
#define STATUS_NOT_RUN 127
#define SCRIPT         "/etc/rc"

/* What `id` ended with. Others are orphans. */
static int32_t child_wait(int32_t id)
{
	int32_t status, ended;

	do
		ended = wait(&status);
	while (ended > 0 && ended != id);
	return ended == id ? status : ended;
}

static int32_t program_run(char *const argv[])
{
	int32_t id = fork();

	if (id == 0) {
		complain("init", argv[0], exec_named(argv[0], argv));
		exit(STATUS_NOT_RUN);
	}
	return id < 0 ? complain("init", "fork", id) : child_wait(id);
}

/* NAME:WORD:WORD */
static void words_run(char *words)
{
	char *argv[WORDS_MAX + 1] = {0};

	for (int i = 0; i < WORDS_MAX; i++) {
		uint32_t length = string_span(words, ':');
		bool last = words[length] == '\0';
		argv[i] = words;
		words[length] = '\0';
		if (last)
			break;
		words += length + 1;
	}
	int32_t status = program_run(argv);
	printf("init: %s ended with status %d\n", argv[0], status);
}

static void list_run(char *list)
{
	while (*list) {
		uint32_t length = string_span(list, ',');
		bool last = list[length] == '\0';
		list[length] = '\0';
		if (length > 0)
			words_run(list);
		list += length + !last;
	}
}

/* One that was ended by a mistake has a successor. */
static void shell_run(void)
{
	char *argv[] = {"sh", NULL};
	int32_t status;

	do
		status = program_run(argv);
	while (status < 0);
	printf("init: the shell ended with status %d\n", status);
}

static void script_run(void)
{
	char *argv[] = {"sh", SCRIPT, NULL};

	int32_t status = program_run(argv);
	printf("init: %s ended with status %d\n", SCRIPT, status);
}

int32_t main(int32_t argc, char **argv)
{
	static const char run[] = "run=";
	bool told = false;

	for (int32_t i = 1; i < argc; i++) {
		if (memcmp(argv[i], run, sizeof(run) - 1) == 0) {
			list_run(argv[i] + sizeof(run) - 1);
			told = true;
		} else if (strcmp(argv[i], "shell") == 0) {
			shell_run();
			told = true;
		}
	}
	if (!told)
		script_run();
	printf("pocket: all done\n");
	return power_off();
}
