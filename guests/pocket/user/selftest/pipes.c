/* SPDX-License-Identifier: BSD-2-Clause */
/* Pipes, redirection, and the shell that makes use of both. */
#include "checks.h"

#define CREATE     (OPEN_READ | OPEN_WRITE | OPEN_CREATE | OPEN_TRUNCATE)
#define PIPE_BYTES 1024 /* that it holds */
#define FLOOD      20000u
#define TRIES      1000

static int32_t ends[2];
static uint8_t bytes[FLOOD];

static void ends_close(void)
{
	close(ends[0]);
	close(ends[1]);
}

static void end_checks(void)
{
	char text[8] = "";
	struct file_status status;

	check(pipe(NULL) == ERROR_POINTER, "a pipe to NULL");
	check(pipe(ends) == 0 && ends[0] == FILE_ERROR + 1 && ends[1] == ends[0] + 1, "pipe");
	check(write(ends[1], "abcd", 4) == 4 && read(ends[0], text, 2) == 2 &&
			read(ends[0], text + 2, 5) == 2 && strcmp(text, "abcd") == 0,
		"what goes in comes out");
	check(read(ends[1], text, 1) == ERROR_DESCRIPTOR &&
			write(ends[0], text, 1) == ERROR_DESCRIPTOR,
		"each end has its direction");
	check(seek(ends[0], 0, FROM_START) == ERROR_ARGUMENT &&
			truncate(ends[1], 0) == ERROR_ARGUMENT &&
			file_status(ends[0], &status) == 0 && status.type == TYPE_PIPE,
		"a pipe has no places");
	check(write(ends[1], "x", 1) == 1 && close(ends[1]) == 0 && read(ends[0], text, 8) == 1 &&
			read(ends[0], text, 8) == 0,
		"the end of a pipe");
	close(ends[0]);
	pipe(ends);
	close(ends[0]);
	check(write(ends[1], "x", 1) == ERROR_PIPE, "no one reads");
	close(ends[1]);
	while (dup(FILE_OUTPUT) < FILES_MAX - 2)
		;
	check(pipe(ends) == ERROR_TOO_MANY && dup(FILE_OUTPUT) == FILES_MAX - 1,
		"too many descriptors for a pipe");
	for (int32_t i = FILE_ERROR + 1; i < FILES_MAX; i++)
		close(i);
}

static int32_t flood_write(void)
{
	close(ends[0]);
	for (uint32_t i = 0; i < FLOOD; i++)
		bytes[i] = (uint8_t)(i % 251);
	return write(ends[1], bytes, FLOOD) == (int32_t)FLOOD ? SEVEN : 0;
}

/* Much more than fits, so both ends must wait for each other. */
static void flood_checks(void)
{
	uint32_t count = 0, wrong = 0;
	int32_t status, length;

	pipe(ends);
	int32_t child = fork();
	if (child == 0)
		exit(flood_write());
	close(ends[1]);
	sleep(20);
	while ((length = read(ends[0], bytes, 700)) > 0)
		for (int32_t i = 0; i < length; i++)
			wrong += bytes[i] != count++ % 251;
	check(count == FLOOD && wrong == 0, "a flood through a pipe");
	check(waitpid(child, &status) == child && status == SEVEN, "was written whole");
	close(ends[0]);
}

static int32_t reader_forget(void)
{
	char byte;

	return read(ends[0], &byte, 1);
}

/* Two write ends are open, so the reader would wait for ever. */
static void kill_checks(void)
{
	int32_t status;

	pipe(ends);
	int32_t child = fork();
	if (child == 0)
		exit(reader_forget());
	sleep(20);
	check(kill(child) == 0 && waitpid(child, &status) == child && status == STATUS_KILLED,
		"kill of one that reads a pipe");
	check(write(ends[1], bytes, PIPE_BYTES) == PIPE_BYTES, "a pipe holds so much");
	child = fork();
	if (child == 0)
		exit(write(ends[1], bytes, 1));
	sleep(20);
	check(kill(child) == 0 && waitpid(child, &status) == child && status == STATUS_KILLED,
		"kill of one that writes a full pipe");
	ends_close();
}

/* A program's output goes where its parent wants it. */
static int32_t echo_run(void)
{
	char *argv[] = {"echo", "one", "two", NULL};
	int32_t file = open("output", CREATE);

	if (dup2(file, FILE_OUTPUT) != FILE_OUTPUT || close(file) != 0)
		return 1;
	return exec_named("echo", argv);
}

static bool output_is(const char *text)
{
	char back[200] = "";
	int32_t file = open("output", OPEN_READ);

	read(file, back, sizeof(back) - 1);
	close(file);
	return strcmp(back, text) == 0;
}

static int32_t script_run(void)
{
	char *argv[] = {"sh", "script", NULL};

	return exec_named("sh", argv);
}

static void shell_checks(void)
{
	static const char script[] = "# a comment\n"
				     "echo 'c  c' > words; echo \"b;\" >> words # and more\n"
				     "\n"
				     "echo a >> words; cat < words | sort | cat > output\n"
				     "/bin/seven; echo $? '$?' >> output\n"
				     "echo x | seven; echo \"$?x\" >> output\n"
				     "seven | echo y >> output; echo $? >> output\n"
				     "cd /; cd selftest; rm words; echo late >> output &\n"
				     "exit 3; echo never >> output\n";
	static const char wanted[] = "a\nb;\nc  c\n7 $?\n7x\ny\n0\nlate\n";
	int32_t file = open("script", CREATE);

	check(child_status(echo_run) == 0 && output_is("one two\n"), "redirection");
	check(write(file, script, sizeof(script) - 1) == sizeof(script) - 1, "a script");
	close(file);
	check(child_status(script_run) == 3, "a script's status");
	for (int i = 0; i < TRIES && !output_is(wanted); i++)
		sleep(10); /* for what runs in the background */
	check(output_is(wanted), "what a script does");
	check(open("words", OPEN_READ) == ERROR_NO_FILE, "what a script removes");
}

void pipe_checks(void)
{
	end_checks();
	flood_checks();
	kill_checks();
	shell_checks();
	check(unlink("script") == 0 && unlink("output") == 0, "unlink");
}
