/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The judge's command line, from the submission to the exit status: the program itself, with a
 * small lab of its own, on the kit's real chassis.
 */
#define main judge_main
#include "../tools/judge.c"
#undef main

#include <check.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <time.h>

static char base[] = "/tmp/check-judge.XXXXXX";
static char from[80], temporary[80], json_path[80], output_path[80];
static char kit[512];

/* ---- a lab ---- */

void machines_explain(char *text, size_t size)
{
	snprintf(text, size, "explained\n");
}

bool machines_record(const char *folder)
{
	(void)folder;
	return false;
}

void machines_end(void)
{
}

START_TEST(the_monitor_is_there)
{
	char magic[4] = "";
	FILE *file = fopen(judgement()->monitor, "r");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(magic, 1, 4, file), 4);
	ck_assert_int_eq(memcmp(magic, "\177ELF", 4), 0);
	fclose(file);
	measure("seed", judgement()->seed);
}
END_TEST

START_TEST(answers_are_there)
{
	char *path = text_print("%s/answers.txt", judgement()->submission);

	ck_assert_msg(access(path, R_OK) == 0, "answers.txt is missing in %s", path);
	free(path);
}
END_TEST

START_TEST(waits)
{
	if (getenv("CHECK_JUDGE_WAITS"))
		pause();
}
END_TEST

static const struct graded_test graded[] = {
	{&the_monitor_is_there, EQUIVALENCE, 60, "hello"},
	{&answers_are_there, EFFICIENCY, 30, NULL},
	{&waits, RESOURCE_CONTROL, 10, NULL},
};
static const char *const files[] = {"segments.c", "enter.asm", "answers.txt", NULL};
static const struct lab lab = {.number = 1,
	.name = "rings",
	.folder = "1-rings",
	.files = files,
	.tests = graded,
	.test_count = 3};
const struct lab *const all_labs[] = {&lab, NULL};

/* ---- running the judge ---- */

__attribute__((format(printf, 1, 2))) static void shell(const char *format, ...)
{
	char line[2048];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	ck_assert_msg(system(line) == 0, "%s", line);
}

static void setup(void)
{
	char folder[64];

	snprintf(folder, sizeof(folder), "%s/XXXXXX", base);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chmod(folder, 0755), 0);
	snprintf(from, sizeof(from), "%s/from", folder);
	snprintf(temporary, sizeof(temporary), "%s/tmp", folder);
	snprintf(json_path, sizeof(json_path), "%s/result.json", folder);
	snprintf(output_path, sizeof(output_path), "%s/output", folder);
	ck_assert_ptr_nonnull(getcwd(kit, sizeof(kit)));
	shell("mkdir %s %s && cp solutions/1-rings/* %s && touch %s/answers.txt && "
	      "echo x >>%s/answers.txt",
		from, temporary, from, from, from);
	setenv("TMPDIR", temporary, 1);
}

/* Starts it with both streams in one file. */
static pid_t judge_start(const char *const *words)
{
	pid_t pid = fork();

	if (pid == 0) {
		int count = 0;
		int fd = open(output_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		while (words[count])
			count++;
		optind = 0;
		exit(judge_main(count, (char **)words));
	}
	return pid;
}

static int judge_wait(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	/* Whatever came of it, nothing temporary is left. */
	shell("test -z \"$(ls -A %s)\"", temporary);
	return WEXITSTATUS(status);
}

static int judge_run(const char *const *words)
{
	return judge_wait(judge_start(words));
}

#define JUDGE(...) judge_run((const char *const[]){"judge", __VA_ARGS__, NULL})

static const char *file_read(const char *path)
{
	static char text[65536];
	FILE *file = fopen(path, "r");
	size_t size;

	ck_assert_msg(file != NULL, "%s", path);
	size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[size] = '\0';
	return text;
}

#define SAID(words)                                                                                \
	ck_assert_msg(strstr(file_read(output_path), words), "%s", file_read(output_path))

START_TEST(a_good_submission_has_all_points)
{
	ck_assert_int_eq(JUDGE("--lab", "1", "--from", from, "--json", json_path), 0);
	SAID("100 of 100 points\n");
	SAID("seed                                                1\n");
}
END_TEST

START_TEST(the_same_judgement_gives_the_same_bytes)
{
	char *again = text_print("%s.again", json_path);

	shell("rm %s/answers.txt", from); /* a message that names a temporary folder */
	ck_assert_int_eq(
		JUDGE("--lab", "1", "--from", from, "--json", json_path, "--jobs", "1"), 1);
	ck_assert_int_eq(JUDGE("--lab=1", "--from", from, "--json", again, "--jobs", "3"), 1);
	shell("cmp %s %s", json_path, again);
	ck_assert_ptr_null(strstr(file_read(json_path), temporary));
	ck_assert_ptr_nonnull(strstr(file_read(json_path), "answers.txt is missing in submission"));
	free(again);
}
END_TEST

START_TEST(a_missing_answers_file_costs_its_test_alone)
{
	shell("rm %s/answers.txt", from);
	ck_assert_int_eq(JUDGE("--lab", "1", "--from", from), 1);
	SAID("70 of 100 points\n");
}
END_TEST

START_TEST(an_archive_is_judged)
{
	char *archive = text_print("%s.tar.gz", from);

	shell("tar -C %s -czf %s segments.c enter.asm answers.txt", from, archive);
	ck_assert_int_eq(JUDGE("--lab", "1", "--from", archive), 0);
	SAID("100 of 100 points\n");
	free(archive);
}
END_TEST

START_TEST(a_submission_that_does_not_compile_has_no_points)
{
	json_t *json;

	shell("echo '}' >>%s/segments.c", from);
	ck_assert_int_eq(JUDGE("--lab", "1", "--from", from, "--json", json_path), 1);
	SAID("does not compile:\n  segments.c:");
	SAID("0 of 100 points\n");
	json = json_load_file(json_path, 0, NULL);
	ck_assert_int_eq(json_integer_value(json_object_get(json, "score")), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(json, "tests")), 3);
	ck_assert_ptr_null(json_object_get(json, "error"));
	ck_assert_ptr_nonnull(
		strstr(json_string_value(json_object_get(json, "message")), "expected identifier"));
	json_decref(json);
	ck_assert_ptr_nonnull(strstr(file_read(json_path), "\"status\": \"failed\""));
	ck_assert_ptr_null(strstr(file_read(json_path), "\"status\": \"error\""));
}
END_TEST

START_TEST(a_missing_file_has_no_points)
{
	shell("rm %s/enter.asm", from);
	ck_assert_int_eq(JUDGE("--lab", "1", "--from", from), 1);
	SAID("  enter.asm is missing: ");
}
END_TEST

START_TEST(a_kit_that_is_broken_is_no_zero)
{
	json_t *json;

	ck_assert_int_eq(
		JUDGE("--lab", "1", "--from", from, "--kit", temporary, "--json", json_path), 2);
	SAID("could not be judged: ");
	SAID("Makefile is missing");
	json = json_load_file(json_path, 0, NULL);
	ck_assert_ptr_nonnull(json_object_get(json, "error"));
	json_decref(json);
	ck_assert_ptr_null(strstr(file_read(json_path), "\"failed\""));
}
END_TEST

START_TEST(the_fallback_says_what_it_is)
{
	setenv("RINGFENCE_SANDBOX", "limits", 1);
	ck_assert_int_eq(JUDGE("--lab", "1", "--from", from, "--json", json_path), 0);
	ck_assert_ptr_nonnull(strstr(file_read(json_path), "resource limits"));
}
END_TEST

START_TEST(one_test_is_run_with_a_seed)
{
	ck_assert_int_eq(JUDGE("--lab", "1", "--from", from, "--seed", "0x10", "--test",
				 "the_monitor_is_there"),
		0);
	SAID("60 of 60 points\n");
	SAID("seed                                               16\n");
}
END_TEST

START_TEST(a_monitor_is_judged_without_compiling)
{
	shell("printf '\\177ELF' >%s/monitor; rm %s/segments.c", from, from);
	ck_assert_int_eq(JUDGE("--lab", "1", "--from", from, "--json", json_path, "--monitor",
				 text_print("%s/monitor", from)),
		0);
	ck_assert_ptr_nonnull(strstr(file_read(json_path), "\"sandbox\": \"none\""));
}
END_TEST

START_TEST(tests_are_listed)
{
	ck_assert_int_eq(JUDGE("--lab", "1", "--list"), 0);
	ck_assert_str_eq(file_read(output_path), "equivalence        60  the_monitor_is_there\n"
						 "efficiency         30  answers_are_there\n"
						 "resource-control   10  waits\n");
}
END_TEST

START_TEST(a_result_that_cannot_be_written_is_told)
{
	ck_assert_int_eq(JUDGE("--lab", "1", "--from", from, "--json", "/nonexistent/x.json"), 2);
	SAID("100 of 100 points\n");
	SAID("judge: /nonexistent/x.json: No such file or directory\n");
}
END_TEST

#define F "--from", "solutions"

static const struct {
	const char *words[8];
	const char *said;
} mistakes[] = {
	{{"judge", NULL}, "give the lab"},
	{{"judge", "--lab", "1", NULL}, "give the submission"},
	{{"judge", "--lab", "1", "--from", "", NULL}, "give the submission"},
	{{"judge", "--lab", "9", F, NULL}, "--lab 9: there is no such lab"},
	{{"judge", "--lab", "one", F, NULL}, "--lab one: give a number"},
	{{"judge", "--lab", NULL}, "--lab: give a value"},
	{{"judge", "--lab", "1", F, "--nonsense", NULL}, "--nonsense: no such option"},
	{{"judge", "--lab", "1", F, "extra", NULL}, "extra: not an option"},
	{{"judge", "--lab", "1", F, "--test", "none", NULL}, "--test none: lab 1 has no such test"},
	{{"judge", "--lab", "1", F, "--seed", "-1", NULL}, "--seed -1: give a number from 0"},
	{{"judge", "--lab", "1", F, "--seed", "1x", NULL}, "--seed 1x: give a number"},
	{{"judge", "--lab", "1", F, "--seed", "", NULL}, "--seed : give a number"},
	{{"judge", "--lab", "1", F, "--seed", "9223372036854775808", NULL}, "give a number"},
	{{"judge", "--lab", "1", F, "--seed", "99999999999999999999", NULL}, "give a number"},
	{{"judge", "--lab", "1", F, "--jobs", "0", NULL}, "--jobs 0: give a number from 1 to 256"},
	{{"judge", "--lab", "1", F, "--kit", "/none", NULL}, "--kit /none: No such file"},
	{{"judge", "--lab", "1", F, "--monitor", "/none", NULL}, "--monitor /none: No such file"},
	{{"judge", "--lab", "1", "--from", "/none", NULL}, "/none: No such file"},
};

START_TEST(a_mistake_is_told_in_one_line)
{
	const char *text;

	ck_assert_int_eq(judge_run(mistakes[_i].words), 2);
	SAID(mistakes[_i].said);
	text = file_read(output_path);
	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
}
END_TEST

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

START_TEST(a_signal_leaves_nothing)
{
	const char *const words[] = {
		"judge", "--lab", "1", "--from", from, "--json", json_path, NULL};
	struct timespec begin, end;
	pid_t pid;

	setenv("CHECK_JUDGE_WAITS", "1", 1);
	pid = judge_start(words);
	/* until the last test waits: its folder is there */
	for (unsigned i = 0; i < 400; i++) {
		char *line = text_print("ls -d %s/*/waits >/dev/null 2>&1", temporary);
		bool waiting = system(line) == 0;

		free(line);
		if (waiting)
			break;
		usleep(50000);
	}
	clock_gettime(CLOCK_MONOTONIC, &begin);
	ck_assert_int_eq(kill(pid, signals[_i]), 0);
	ck_assert_int_eq(judge_wait(pid), 2);
	clock_gettime(CLOCK_MONOTONIC, &end);
	ck_assert_int_lt(end.tv_sec - begin.tv_sec, 5);
	ck_assert_str_eq(file_read(output_path), "judge: stopped: nothing was judged\n");
	ck_assert_int_ne(access(json_path, F_OK), 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("judge");
	Suite *suite = suite_create("judge");
	SRunner *runner = srunner_create(suite);
	int failed;

	if (!mkdtemp(base) || chmod(base, 0755) != 0) {
		perror(base);
		return 2;
	}
	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, a_good_submission_has_all_points);
	tcase_add_test(tests, the_same_judgement_gives_the_same_bytes);
	tcase_add_test(tests, a_missing_answers_file_costs_its_test_alone);
	tcase_add_test(tests, an_archive_is_judged);
	tcase_add_test(tests, a_submission_that_does_not_compile_has_no_points);
	tcase_add_test(tests, a_missing_file_has_no_points);
	tcase_add_test(tests, a_kit_that_is_broken_is_no_zero);
	tcase_add_test(tests, the_fallback_says_what_it_is);
	tcase_add_test(tests, one_test_is_run_with_a_seed);
	tcase_add_test(tests, a_monitor_is_judged_without_compiling);
	tcase_add_test(tests, tests_are_listed);
	tcase_add_test(tests, a_result_that_cannot_be_written_is_told);
	tcase_add_loop_test(tests, a_mistake_is_told_in_one_line, 0,
		(int)(sizeof(mistakes) / sizeof(mistakes[0])));
	tcase_add_loop_test(
		tests, a_signal_leaves_nothing, 0, (int)(sizeof(signals) / sizeof(signals[0])));
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return !tree_remove(base) || failed != 0;
}
