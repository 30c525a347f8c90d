/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runner, with graded tests of every kind: they pass, fail, crash, hang, leave processes
 * behind, and are stopped. And what judge.h gives to a running test.
 */
#include "runner.h"
#include "text.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* For how long the processes sleep that tests leave behind: nobody else's sleep so long. */
static char seconds[16];
static char base[] = "/tmp/check-runner.XXXXXX";
static char work[64];

/* ---- stand-ins for the machines ---- */

static const char *explanation = "";

void machines_explain(char *text, size_t size)
{
	snprintf(text, size, "%s", explanation);
}

bool machines_record(const char *folder)
{
	(void)folder;
	return false;
}

void machines_end(void)
{
	char *path = text_print("%s/ended-%s", work, judgement()->test);

	close(open(path, O_WRONLY | O_CREAT | O_APPEND, 0600));
	free(path);
}

/* ---- graded tests ---- */

START_TEST(passes)
{
	hint("never shown");
	measure("exits", 12);
	measure("large", UINT64_MAX);
}
END_TEST

START_TEST(fails)
{
	explanation = "the guest stopped at main+4\n";
	hint("belongs to an assertion before");
	hint("look at %s", "the limit");
	measure("exits", 13);
	ck_assert_msg(false, "CPL is %d", 3);
}
END_TEST

START_TEST(crashes)
{
	raise(SIGSEGV);
}
END_TEST

START_TEST(aborts)
{
	abort();
}
END_TEST

START_TEST(hangs)
{
	for (;;)
		pause();
}
END_TEST

START_TEST(exits_at_once)
{
	exit(0);
}
END_TEST

START_TEST(is_not_judged)
{
	hint("not shown");
	infrastructure_error("%s is missing", "bochs");
}
END_TEST

START_TEST(says_too_much)
{
	char *text = malloc(100001);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', 100000);
	text[100000] = '\0';
	for (unsigned i = 0; i < 20; i++)
		hint("%s", text);
	ck_abort_msg("%s", text);
}
END_TEST

START_TEST(is_hostile)
{
	explanation = "console: \033[2J\xff\n";
	ck_abort_msg("guest wrote \033]0;x\007 %s/tmp", work);
}
END_TEST

START_TEST(leaves_a_process)
{
	if (fork() == 0) {
		execlp("sleep", "sleep", seconds, NULL);
		_exit(1);
	}
}
END_TEST

START_TEST(is_slow)
{
	usleep(300000);
}
END_TEST

START_TEST(says_who_it_is)
{
	const struct judgement *j = judgement();
	struct stat status;

	ck_assert_str_eq(j->test, "says_who_it_is");
	ck_assert_str_eq(j->monitor, "monitor.elf");
	ck_assert_uint_eq(j->seed, 7);
	ck_assert_int_eq(strncmp(getenv("TMPDIR"), work, strlen(work)), 0);
	ck_assert_int_eq(stat(getenv("TMPDIR"), &status), 0);
}
END_TEST

/* Each shows what it draws. */
START_TEST(draws)
{
	for (unsigned i = 0; i < 8; i++)
		measure((const char *[]){"a", "b", "c", "d", "e", "f", "g", "h"}[i], random_u32());
}
END_TEST

START_TEST(draws_too)
{
	draws_fn(0);
}
END_TEST

START_TEST(draws_below)
{
	unsigned count[6] = {0};

	for (unsigned i = 0; i < 6000; i++) {
		uint32_t value = random_below(6);

		ck_assert_uint_lt(value, 6);
		count[value]++;
	}
	for (unsigned i = 0; i < 6; i++)
		ck_assert(count[i] > 800 && count[i] < 1200);
	for (unsigned i = 0; i < 100; i++)
		ck_assert_uint_eq(random_below(1), 0);
	/* three quarters of the range: without care the low half would come twice as often */
	count[0] = 0;
	for (unsigned i = 0; i < 3000; i++)
		count[0] += random_below(0xC0000000) < 0x40000000;
	ck_assert(count[0] > 850 && count[0] < 1150);
}
END_TEST

static const char *const files[] = {"segments.c", NULL};

#define GRADED(name)                                                                               \
	{                                                                                          \
		&name, EQUIVALENCE, 10, NULL                                                       \
	}

static struct lab lab = {.number = 1, .name = "rings", .folder = "1-rings", .files = files};
const struct lab *const all_labs[] = {&lab, NULL};

/* ---- running them ---- */

static struct result *run_seeded(
	const struct graded_test *tests, size_t count, unsigned jobs, uint64_t seed)
{
	struct runner runner = {.judgement = {.lab = &lab,
					.kit = ".",
					.monitor = "monitor.elf",
					.submission = "submission",
					.from = "solutions",
					.seed = seed},
		.work = work,
		.jobs = jobs,
		.seconds = 2};
	struct result *result;

	lab.tests = tests;
	lab.test_count = count;
	result = result_new(&lab, "solutions", seed, NULL);
	runner_run(&runner, result);
	return result;
}

#define RUN(jobs, ...)                                                                             \
	run_seeded((const struct graded_test[]){__VA_ARGS__},                                      \
		sizeof((const struct graded_test[]){__VA_ARGS__}) / sizeof(struct graded_test),    \
		jobs, 7)

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool sleeper_exists(void)
{
	char *command = text_print("pgrep -f '^sleep %s$' >/dev/null", seconds);
	bool exists = system(command) == 0;

	free(command);
	return exists;
}

static bool machines_ended(const char *test)
{
	char *path = text_print("%s/ended-%s", work, test);
	bool ended = access(path, F_OK) == 0;

	free(path);
	return ended;
}

static void setup(void)
{
	snprintf(work, sizeof(work), "%s/XXXXXX", base);
	ck_assert_ptr_nonnull(mkdtemp(work));
	snprintf(seconds, sizeof(seconds), "1000%ld", (long)getpid());
}

START_TEST(a_pass_has_points_and_numbers)
{
	struct result *result = RUN(1, GRADED(passes));

	ck_assert_int_eq(result->tests[0].verdict, PASSED);
	ck_assert_str_eq(result->tests[0].message, "");
	ck_assert_uint_eq(result->tests[0].measured_count, 2);
	ck_assert_str_eq(result->tests[0].measured[0].name, "exits");
	ck_assert_uint_eq(result->tests[0].measured[0].value, 12);
	ck_assert_uint_eq(result->tests[0].measured[1].value, INT64_MAX);
	ck_assert_int_eq(result_status(result), 0);
	ck_assert_ptr_null(result->error);
	ck_assert(machines_ended("passes"));
	result_free(result);
}
END_TEST

START_TEST(a_failure_explains_itself)
{
	struct result *result = RUN(1, GRADED(fails));

	ck_assert_int_eq(result->tests[0].verdict, FAILED);
	ck_assert_str_eq(result->tests[0].message,
		"CPL is 3\nhint: look at the limit\nthe guest stopped at main+4\n");
	ck_assert_uint_eq(result->tests[0].measured_count, 1);
	ck_assert_int_eq(result_status(result), 1);
	ck_assert(machines_ended("fails"));
	result_free(result);
}
END_TEST

static const struct {
	struct graded_test test;
	const char *words;
} errors[] = {
	{GRADED(crashes), "signal 11 (Segmentation fault)"},
	{GRADED(aborts), "signal 6 (Aborted)"},
	{GRADED(hangs), "took more than 2 seconds"},
	{GRADED(exits_at_once), "ended without a report"},
	{GRADED(is_not_judged), "bochs is missing"},
};

START_TEST(what_cannot_be_judged_is_an_error)
{
	struct result *result = run_seeded(&errors[_i].test, 1, 1, 7);

	ck_assert_int_eq(result->tests[0].verdict, ERROR);
	ck_assert_msg(strstr(result->tests[0].message, errors[_i].words), "%.200s",
		result->tests[0].message);
	ck_assert_str_eq(result->error, "1 of 1 tests could not be judged");
	ck_assert_int_eq(result_status(result), 2);
	ck_assert_uint_eq(result_score(result), 0);
	result_free(result);
}
END_TEST

START_TEST(an_error_ends_the_machines_too)
{
	struct result *result = RUN(1, GRADED(is_not_judged));

	ck_assert_str_eq(result->tests[0].message, "bochs is missing");
	ck_assert(machines_ended("is_not_judged"));
	result_free(result);
}
END_TEST

START_TEST(a_message_without_end_is_cut)
{
	struct result *result = RUN(1, GRADED(says_too_much));
	size_t length = strlen(result->tests[0].message);

	ck_assert_int_eq(result->tests[0].verdict, FAILED);
	ck_assert_uint_lt(length, 100000);
	ck_assert_str_eq(result->tests[0].message + length - 10, "[cut here]");
	result_free(result);
}
END_TEST

START_TEST(hostile_text_is_escaped_and_folders_are_not_told)
{
	struct result *result = RUN(1, GRADED(is_hostile));

	ck_assert_str_eq(result->tests[0].message, "guest wrote  tmp\nconsole: \\xFF\n");
	result_free(result);
}
END_TEST

START_TEST(one_test_does_not_disturb_another)
{
	struct result *result =
		RUN(_i, GRADED(is_slow), GRADED(crashes), GRADED(passes), GRADED(hangs),
			GRADED(fails), GRADED(exits_at_once), GRADED(is_slow), GRADED(passes));
	static const enum verdict verdicts[] = {
		PASSED, ERROR, PASSED, ERROR, FAILED, ERROR, PASSED, PASSED};

	for (size_t i = 0; i < 8; i++)
		ck_assert_int_eq(result->tests[i].verdict, verdicts[i]);
	ck_assert_str_eq(test_name(result->tests[4].test), "fails");
	ck_assert_uint_eq(result_score(result), 40);
	ck_assert_str_eq(result->error, "3 of 8 tests could not be judged");
	result_free(result);
}
END_TEST

START_TEST(tests_run_side_by_side)
{
	int64_t begin = now_ms();
	struct result *result =
		RUN(8, GRADED(is_slow), GRADED(is_slow), GRADED(is_slow), GRADED(is_slow),
			GRADED(is_slow), GRADED(is_slow), GRADED(is_slow), GRADED(is_slow));

	ck_assert_uint_eq(result_score(result), 80);
	ck_assert_int_lt(now_ms() - begin, 1500); /* one after another: 2400 */
	result_free(result);
}
END_TEST

START_TEST(a_process_that_is_left_behind_is_ended)
{
	struct result *result = RUN(1, GRADED(leaves_a_process));

	ck_assert_int_eq(result->tests[0].verdict, PASSED);
	usleep(100000);
	ck_assert(!sleeper_exists());
	result_free(result);
}
END_TEST

START_TEST(a_test_knows_what_is_judged)
{
	struct result *result = RUN(1, GRADED(says_who_it_is));

	ck_assert_msg(result->tests[0].verdict == PASSED, "%s", result->tests[0].message);
	result_free(result);
}
END_TEST

START_TEST(the_environment_of_check_chooses_nothing)
{
	struct result *result;

	setenv("CK_RUN_CASE", "another", 1);
	setenv("CK_RUN_SUITE", "another", 1);
	setenv("CK_FORK", "yes", 1);
	result = RUN(1, GRADED(fails));
	ck_assert_int_eq(result->tests[0].verdict, FAILED);
	result_free(result);
}
END_TEST

/* ---- random numbers ---- */

static bool same_numbers(const struct judged_test *a, const struct judged_test *b)
{
	for (size_t i = 0; i < 8; i++)
		if (a->measured[i].value != b->measured[i].value)
			return false;
	return true;
}

START_TEST(random_numbers_depend_on_seed_and_name_alone)
{
	static const struct graded_test tests[] = {
		GRADED(draws), GRADED(draws_too), GRADED(draws), GRADED(is_slow)};
	struct result *result = run_seeded(tests, 3, 1, 7);
	struct result *again = run_seeded(tests, 4, 3, 7);
	struct result *other = run_seeded(tests, 3, 1, 8);

	ck_assert_uint_eq(result->tests[0].measured_count, 8);
	ck_assert(same_numbers(&result->tests[0], &result->tests[2]));
	ck_assert(same_numbers(&result->tests[0], &again->tests[0]));
	ck_assert(!same_numbers(&result->tests[0], &result->tests[1]));
	ck_assert(!same_numbers(&result->tests[0], &other->tests[0]));
	ck_assert_uint_ne(result->tests[0].measured[0].value, result->tests[0].measured[1].value);
	/* A seed means the same tomorrow: this number may never change. */
	ck_assert_uint_eq(result->tests[0].measured[0].value, 3490373780u);
	result_free(result);
	result_free(again);
	result_free(other);
}
END_TEST

START_TEST(random_numbers_below_a_bound_are_even)
{
	struct result *result = RUN(1, GRADED(draws_below));

	ck_assert_msg(result->tests[0].verdict == PASSED, "%s", result->tests[0].message);
	result_free(result);
}
END_TEST

/* ---- stopping ---- */

static volatile sig_atomic_t stop;

static void stop_note(int number)
{
	(void)number;
	stop = 1;
}

/* Starts a process, which dies with the test or not, and never ends. */
static void spawn_and_hang(bool dies_with_test)
{
	if (fork() == 0) {
		if (dies_with_test)
			prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("sleep", "sleep", seconds, NULL);
		_exit(1);
	}
	for (;;)
		pause();
}

START_TEST(hangs_with_a_process)
{
	spawn_and_hang(false);
}
END_TEST

/* As the emulators do. */
START_TEST(hangs_with_a_process_that_dies_with_it)
{
	spawn_and_hang(true);
}
END_TEST

/* A process that runs tests that hang, three at once. Its exit status: how many ERRORs. */
static pid_t runner_start(const struct graded_test *tests)
{
	struct runner runner = {.judgement = {.lab = &lab, .seed = 7},
		.work = work,
		.jobs = 3,
		.seconds = 100,
		.stop = &stop};
	pid_t pid = fork();

	if (pid == 0) {
		struct result *result;
		int errors_seen = 0;

		signal(SIGINT, stop_note);
		lab.tests = tests;
		lab.test_count = 4;
		result = result_new(&lab, "x", 7, NULL);
		runner_run(&runner, result);
		for (size_t i = 0; i < 4; i++)
			errors_seen += result->tests[i].verdict == ERROR;
		_exit(strncmp(result->error, "stopped: ", 9) == 0 ? errors_seen : 99);
	}
	for (unsigned i = 0; i < 100 && !sleeper_exists(); i++)
		usleep(50000);
	ck_assert(sleeper_exists());
	return pid;
}

START_TEST(a_stop_leaves_no_process)
{
	static const struct graded_test tests[] = {GRADED(passes), GRADED(hangs_with_a_process),
		GRADED(hangs_with_a_process), GRADED(hangs_with_a_process)};
	pid_t pid = runner_start(tests);
	int64_t begin = now_ms();
	int status;

	usleep(300000); /* the first test passes meanwhile */
	ck_assert_int_eq(kill(pid, SIGINT), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_lt(now_ms() - begin, 3000);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 3);
	usleep(100000);
	ck_assert(!sleeper_exists());
}
END_TEST

/* Even a runner that cannot clean up takes its tests with it, and these their machines. */
START_TEST(a_killed_runner_leaves_no_process)
{
	static const struct graded_test tests[] = {GRADED(hangs_with_a_process_that_dies_with_it),
		GRADED(hangs_with_a_process_that_dies_with_it),
		GRADED(hangs_with_a_process_that_dies_with_it), GRADED(passes)};
	pid_t pid = runner_start(tests);

	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	for (unsigned i = 0; i < 40 && sleeper_exists(); i++)
		usleep(50000);
	ck_assert(!sleeper_exists());
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("runner");
	Suite *suite = suite_create("runner");
	SRunner *runner = srunner_create(suite);
	char command[128];
	int failed;

	if (!mkdtemp(base)) {
		perror(base);
		return 2;
	}
	tcase_set_timeout(tests, 30);
	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, a_pass_has_points_and_numbers);
	tcase_add_test(tests, a_failure_explains_itself);
	tcase_add_loop_test(tests, what_cannot_be_judged_is_an_error, 0,
		(int)(sizeof(errors) / sizeof(errors[0])));
	tcase_add_test(tests, an_error_ends_the_machines_too);
	tcase_add_test(tests, hostile_text_is_escaped_and_folders_are_not_told);
	tcase_add_test(tests, a_message_without_end_is_cut);
	tcase_add_loop_test(tests, one_test_does_not_disturb_another, 1, 4);
	tcase_add_test(tests, tests_run_side_by_side);
	tcase_add_test(tests, a_process_that_is_left_behind_is_ended);
	tcase_add_test(tests, a_test_knows_what_is_judged);
	tcase_add_test(tests, the_environment_of_check_chooses_nothing);
	tcase_add_test(tests, random_numbers_depend_on_seed_and_name_alone);
	tcase_add_test(tests, random_numbers_below_a_bound_are_even);
	tcase_add_test(tests, a_stop_leaves_no_process);
	tcase_add_test(tests, a_killed_runner_leaves_no_process);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	snprintf(command, sizeof(command), "rm -rf %s", base);
	return system(command) != 0 || failed != 0;
}
