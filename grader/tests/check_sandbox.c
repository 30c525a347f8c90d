/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sandbox, with real programs in it: each test runs in bubblewrap and in what takes its
 * place, as the user who runs the tests and, where that is root, as another one too.
 */
#include "sandbox.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ORDINARY_USER 12345
#define SECRET        "the solution of lab 1"

/* The ways to run, for the loop index of a test. */
enum way { AS_I_AM, LIMITED, ORDINARY, ORDINARY_LIMITED, WAYS };

static char base[] = "/tmp/check-sandbox.XXXXXX";
static char folder[64], out[80], in[80], copy[80], secret[80];
static struct sandbox_outcome outcome;
static unsigned seconds = 20; /* of wall-clock time, for a command */

static void file_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

static void folder_make(void)
{
	snprintf(folder, sizeof(folder), "%s/XXXXXX", base);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(out, sizeof(out), "%s/out", folder);
	snprintf(in, sizeof(in), "%s/in", folder);
	snprintf(copy, sizeof(copy), "%s/copy", folder);
	snprintf(secret, sizeof(secret), "%s/secret", folder);
	ck_assert_int_eq(mkdir(out, 0700), 0);
	ck_assert_int_eq(mkdir(in, 0755), 0);
	file_write(secret, SECRET);
}

/* In the test's own process: becomes who the way asks for. */
static void way_take(int way)
{
	if (way == LIMITED || way == ORDINARY_LIMITED)
		setenv("RINGFENCE_SANDBOX", "limits", 1);
	if ((way == ORDINARY || way == ORDINARY_LIMITED) && geteuid() == 0) {
		ck_assert_int_eq(chown(folder, ORDINARY_USER, ORDINARY_USER), 0);
		ck_assert_int_eq(chown(out, ORDINARY_USER, ORDINARY_USER), 0);
		ck_assert_int_eq(chown(in, ORDINARY_USER, ORDINARY_USER), 0);
		ck_assert_int_eq(setgroups(0, NULL), 0);
		ck_assert_int_eq(setgid(ORDINARY_USER), 0);
		ck_assert_int_eq(setuid(ORDINARY_USER), 0);
	}
	ck_assert(sandbox_admit(folder));
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Runs a line of shell; `%s` in it is the writable folder. */
static enum sandbox_ending shell(const char *line, const char *result)
{
	const char *const readable[] = {in, NULL};
	char script[1024];
	const char *const argv[] = {"sh", "-c", script, NULL};
	struct sandbox_command command = {.argv = argv,
		.readable = readable,
		.writable = out,
		.result = result,
		.result_path = result ? copy : NULL,
		.seconds = seconds};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(script, sizeof(script), line, out, out);
#pragma GCC diagnostic pop
	return sandbox_run(&command, &outcome);
}

static bool output_has(const char *word)
{
	return memmem(outcome.output, outcome.output_size, word, strlen(word)) != NULL;
}

START_TEST(the_kind_is_named)
{
	way_take(_i);
	if (_i == LIMITED && geteuid() == 0)
		ck_assert_str_eq(sandbox_kind(), "unprivileged user with resource limits");
	else if (_i == ORDINARY_LIMITED || _i == LIMITED)
		ck_assert_str_eq(sandbox_kind(), "resource limits only");
	else
		ck_assert_str_eq(sandbox_kind(), "bubblewrap");
}
END_TEST

START_TEST(status_and_both_streams_come_back)
{
	way_take(_i);
	ck_assert_int_eq(shell("echo to out; echo to err >&2; exit 7", NULL), SANDBOX_ENDED);
	ck_assert_int_eq(outcome.status, 7);
	ck_assert_uint_eq(outcome.output_size, strlen("to out\nto err\n"));
	ck_assert(output_has("to out\nto err\n"));
	ck_assert(!outcome.cut);
}
END_TEST

START_TEST(the_environment_is_empty_and_the_terminal_is_gone)
{
	way_take(_i);
	setenv("JUDGE_SECRET", "found", 1);
	ck_assert_int_eq(shell("env; test -t 0 || echo no terminal; read x || echo no input", NULL),
		SANDBOX_ENDED);
	ck_assert(!output_has("JUDGE_SECRET"));
	ck_assert(output_has("HOME=/nonexistent"));
	ck_assert(output_has("no terminal"));
	ck_assert(output_has("no input"));
}
END_TEST

START_TEST(no_descriptor_of_the_judge_is_open_inside)
{
	int fd;

	way_take(_i);
	fd = open(secret, O_RDONLY); /* without O_CLOEXEC */
	ck_assert_int_ge(fd, 3);
	dup2(fd, 100);
	shell("for n in 3 4 5 6 7 8 9 10 11 12 100; do "
	      "eval \"cat <&$n\" 2>/dev/null && echo open $n; done; true",
		NULL);
	ck_assert(!output_has(SECRET));
	ck_assert(!output_has("open 1"));
}
END_TEST

START_TEST(only_what_is_named_can_be_read)
{
	char path[128], line[512];

	snprintf(path, sizeof(path), "%s/given", in);
	file_write(path, "this may be read\n");
	chmod(secret, 0644);
	way_take(_i);
	snprintf(line, sizeof(line),
		"cat %s; cat %s; cat /etc/passwd; cat /etc/shadow; ls /home /root /work; ls %s",
		path, secret, folder);
	ck_assert_int_eq(shell(line, NULL), SANDBOX_ENDED);
	ck_assert(output_has("this may be read"));
	ck_assert(!output_has(SECRET));
	ck_assert(!output_has("root:"));
	ck_assert(!output_has("secret\n"));
}
END_TEST

START_TEST(only_the_one_folder_can_be_written)
{
	struct stat status;
	char line[512], path[128];

	way_take(_i);
	snprintf(line, sizeof(line),
		"echo x >%s/x && echo wrote in; echo x >%s/x && echo wrote folder; "
		"echo x >/usr/x && echo wrote usr; echo x >/x && echo wrote root; "
		"echo x >/tmp/check-sandbox-x && echo wrote tmp; echo x >%%s/x && echo wrote out",
		in, folder);
	ck_assert_int_eq(shell(line, NULL), SANDBOX_ENDED);
	ck_assert(output_has("wrote out"));
	ck_assert(!output_has("wrote in"));
	ck_assert(!output_has("wrote folder"));
	ck_assert(!output_has("wrote usr"));
	ck_assert(!output_has("wrote root"));
	ck_assert(!output_has("wrote tmp"));
	snprintf(path, sizeof(path), "%s/x", in);
	ck_assert_int_ne(stat(path, &status), 0);
}
END_TEST

START_TEST(no_privilege_is_left)
{
	way_take(_i);
	shell("id -u; grep -E 'CapEff|CapPrm' /proc/self/status 2>/dev/null; "
	      "mount -t tmpfs none %s 2>/dev/null && echo mounted; true",
		NULL);
	ck_assert_uint_gt(outcome.output_size, 2);
	ck_assert_int_ne(memcmp(outcome.output, "0\n", 2), 0);
	ck_assert(!output_has("mounted"));
}
END_TEST

/* A socket with an abstract name belongs to the network's namespace. */
START_TEST(no_network_in_bubblewrap)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int server = socket(AF_UNIX, SOCK_STREAM, 0);
	static const char *const argv[] = {"/usr/bin/perl", "-MSocket", "-e",
		"socket(S, AF_UNIX, SOCK_STREAM, 0); "
		"print connect(S, pack_sockaddr_un(\"\\0check-sandbox\")) ? \"connected\" : "
		"\"refused\"",
		NULL};
	struct sandbox_command command = {.argv = argv, .writable = out};

	memcpy(address.sun_path + 1, "check-sandbox", 13);
	ck_assert_int_eq(bind(server, (struct sockaddr *)&address,
				 offsetof(struct sockaddr_un, sun_path) + 14),
		0);
	ck_assert_int_eq(listen(server, 1), 0);
	way_take(_i == 0 ? AS_I_AM : ORDINARY);
	ck_assert_int_eq(sandbox_run(&command, &outcome), SANDBOX_ENDED);
	ck_assert_msg(output_has("refused"), "%.*s", (int)outcome.output_size, outcome.output);
	close(server);
}
END_TEST

START_TEST(endless_output_is_cut_and_fills_nothing)
{
	way_take(_i);
	ck_assert_int_eq(shell("yes | head -c 300000000", NULL), SANDBOX_ENDED);
	ck_assert_int_eq(outcome.status, 0);
	ck_assert(outcome.cut);
	ck_assert_uint_eq(outcome.output_size, SANDBOX_OUTPUT);
}
END_TEST

START_TEST(a_program_that_hangs_is_ended_with_all_its_children)
{
	int64_t begin = now_ms();
	char line[128], search[128];

	/* Nobody else sleeps so long. */
	snprintf(line, sizeof(line), "(trap '' TERM; sleep 1000%ld) & yes >/dev/null",
		(long)getpid());
	snprintf(search, sizeof(search), "pgrep -f '^sleep 1000%ld$' >/dev/null", (long)getpid());
	seconds = 1;
	way_take(_i);
	ck_assert_int_eq(shell(line, NULL), SANDBOX_TIMEOUT);
	ck_assert_int_lt(now_ms() - begin, 5000);
	usleep(300000);
	ck_assert_int_ne(system(search), 0);
}
END_TEST

START_TEST(it_stops_when_told)
{
	static volatile sig_atomic_t stop = 1;
	static const char *const argv[] = {"sleep", "1000", NULL};
	struct sandbox_command command = {.argv = argv, .writable = out, .stop = &stop};
	int64_t begin = now_ms();

	way_take(_i);
	ck_assert_int_eq(sandbox_run(&command, &outcome), SANDBOX_STOPPED);
	ck_assert_int_lt(now_ms() - begin, 2000);
}
END_TEST

START_TEST(memory_is_limited)
{
	way_take(_i);
	ck_assert_int_eq(
		shell("perl -e '$x = \"x\" x 1500000000; print \"got it\"'", NULL), SANDBOX_ENDED);
	ck_assert_int_ne(outcome.status, 0);
	ck_assert(!output_has("got it"));
}
END_TEST

START_TEST(cpu_time_is_limited)
{
	way_take(_i);
	ck_assert_int_eq(shell("ulimit -t", NULL), SANDBOX_ENDED);
	ck_assert_uint_eq(outcome.output_size, 3);
	ck_assert(output_has("15\n"));
}
END_TEST

START_TEST(the_size_of_a_file_is_limited)
{
	way_take(_i);
	ck_assert_int_eq(
		shell("yes | head -c 50000000 >%s/x; stat -c %%s %s/x", NULL), SANDBOX_ENDED);
	ck_assert_msg(output_has("33554432\n"), "%.*s", (int)outcome.output_size, outcome.output);
}
END_TEST

START_TEST(the_writable_folder_is_limited_in_bubblewrap)
{
	way_take(_i == 0 ? AS_I_AM : ORDINARY);
	ck_assert_int_eq(
		shell("cd %s; for n in 1 2 3 4; do yes | head -c 30000000 >$n; done", NULL),
		SANDBOX_ENDED);
	ck_assert(output_has("No space left on device"));
}
END_TEST

/* Of an ordinary user without namespaces it would count what else the user runs. */
START_TEST(the_number_of_processes_is_limited)
{
	way_take(_i);
	if (strcmp(sandbox_kind(), "resource limits only") == 0)
		return;
	ck_assert_int_eq(shell("n=0; while [ $n -lt 400 ]; do sleep 1 & n=$((n+1)); done 2>&1; "
			       "echo started all",
				 NULL),
		SANDBOX_ENDED);
	ck_assert_msg(output_has("fork"), "%.*s", (int)outcome.output_size, outcome.output);
	ck_assert(!output_has("started all"));
}
END_TEST

START_TEST(the_result_is_taken_out)
{
	char text[32] = "";
	FILE *file;

	way_take(_i);
	ck_assert_int_eq(shell("echo made inside >%s/result", "result"), SANDBOX_ENDED);
	ck_assert_msg(outcome.status == 0, "%.*s", (int)outcome.output_size, outcome.output);
	file = fopen(copy, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), file));
	fclose(file);
	ck_assert_str_eq(text, "made inside\n");
}
END_TEST

static const char *const no_results[] = {
	"true",                                 /* nothing there */
	"echo x >%s/result; exit 3",            /* the program failed */
	"mkdir %s/result",                      /* a folder */
	"ln -s /etc/hostname %s/result",        /* a link to what cannot be seen */
	"ln -s %s/../secret %s/result",         /* a link out of the folder */
	"ln -s %s/result %s/result",            /* a link to itself */
	"echo x >%s/result; chmod 0 %s/result", /* unreadable */
};

START_TEST(a_result_that_is_none_is_not_taken)
{
	struct stat status;
	size_t which = (size_t)_i / WAYS;

	way_take(_i % WAYS);
	ck_assert_int_eq(shell(no_results[which], "result"), SANDBOX_ENDED);
	ck_assert_int_ne(outcome.status, 0);
	ck_assert_int_ne(lstat(copy, &status), 0);
}
END_TEST

START_TEST(a_result_that_is_a_pipe_or_too_large_is_not_taken)
{
	struct stat status;

	way_take(_i);
	seconds = 1;
	ck_assert_int_eq(shell("mkfifo %s/result", "result"), SANDBOX_TIMEOUT);
	seconds = 20;
	ck_assert_int_ne(lstat(copy, &status), 0);
	ck_assert_int_eq(shell("rm -f %s/result; yes | head -c 20000000 >%s/result", "result"),
		SANDBOX_TOO_LARGE);
	ck_assert_int_ne(lstat(copy, &status), 0);
}
END_TEST

START_TEST(nothing_is_overwritten_by_the_result)
{
	char text[32] = "";
	FILE *file;

	way_take(_i);
	file_write(copy, "mine");
	ck_assert_int_eq(shell("echo x >%s/result", "result"), SANDBOX_BROKEN);
	ck_assert_int_eq(errno, EEXIST);
	file = fopen(copy, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), file));
	fclose(file);
	ck_assert_str_eq(text, "mine");
}
END_TEST

START_TEST(a_program_that_is_missing_is_told)
{
	static const char *const argv[] = {"no-such-program", NULL};
	struct sandbox_command command = {.argv = argv, .writable = out};

	way_take(_i);
	ck_assert_int_eq(sandbox_run(&command, &outcome), SANDBOX_ENDED);
	ck_assert_int_ne(outcome.status, 0);
	ck_assert(output_has("no-such-program"));
}
END_TEST

int main(void)
{
	static const TTest *const *const all[] = {&the_kind_is_named,
		&status_and_both_streams_come_back,
		&the_environment_is_empty_and_the_terminal_is_gone,
		&no_descriptor_of_the_judge_is_open_inside, &only_what_is_named_can_be_read,
		&only_the_one_folder_can_be_written, &no_privilege_is_left,
		&endless_output_is_cut_and_fills_nothing,
		&a_program_that_hangs_is_ended_with_all_its_children, &it_stops_when_told,
		&memory_is_limited, &cpu_time_is_limited, &the_size_of_a_file_is_limited,
		&the_number_of_processes_is_limited, &the_result_is_taken_out,
		&a_result_that_is_a_pipe_or_too_large_is_not_taken,
		&nothing_is_overwritten_by_the_result, &a_program_that_is_missing_is_told};
	TCase *tests = tcase_create("each way");
	Suite *suite = suite_create("sandbox");
	SRunner *runner = srunner_create(suite);
	char command[128];
	int failed;

	if (!mkdtemp(base) || chmod(base, 0755) != 0) {
		perror(base);
		return 2;
	}
	tcase_set_timeout(tests, 30);
	tcase_add_checked_fixture(tests, folder_make, NULL);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		tcase_add_loop_test(tests, *all[i], 0, WAYS);
	tcase_add_loop_test(tests, a_result_that_is_none_is_not_taken, 0,
		WAYS * (int)(sizeof(no_results) / sizeof(no_results[0])));
	tcase_add_loop_test(tests, no_network_in_bubblewrap, 0, 2);
	tcase_add_loop_test(tests, the_writable_folder_is_limited_in_bubblewrap, 0, 2);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	snprintf(command, sizeof(command), "rm -rf %s", base);
	return system(command) != 0 || failed != 0;
}
