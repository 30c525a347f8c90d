/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * judge: judges one submission of one lab.
 *
 *	judge --lab N --from PATH [--seed S] [--test NAME]... [--json FILE] [--jobs N]
 *	      [--kit FOLDER] [--monitor FILE] [--record FOLDER]
 *	judge --lab N --list
 *
 * It takes the lab's files out of PATH, compiles them in the sandbox, runs the graded tests and
 * shows the result. Exit status: 0 all points; 1 points were lost; 2 it could not be judged,
 * which is never a zero.
 *
 * Invariant: everything temporary lies below one private folder, which is gone when the judge
 * ends, also after Ctrl-C.
 */
#include "result.h"
#include "runner.h"
#include "sandbox.h"
#include "submission.h"
#include "text.h"

#include <errno.h>
#include <fts.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOT_JUDGED    2
#define SEED_DEFAULT  1
#define JOBS_MAX      256
#define REMOVE_ROUNDS 20
#define REMOVE_PAUSE  50000 /* microseconds */

struct options {
	const struct lab *lab;
	const char *from;
	uint64_t seed;
	bool *chosen; /* one for each test of the lab; NULL: all */
	const char *json;
	unsigned jobs;
	const char *kit;     /* an absolute path */
	const char *monitor; /* an absolute path, or NULL: compile the submission */
	const char *record;  /* the folder for records of failed tests, or NULL */
	bool list;
};

static volatile sig_atomic_t stop;

static void stop_note(int number)
{
	(void)number;
	stop = 1;
}

/* Ends the program before anything was begun. */
#define REFUSE(...) (fprintf(stderr, "judge: " __VA_ARGS__), fputc('\n', stderr), exit(NOT_JUDGED))

/* ---- the command line ---- */

/* Decimal, or hexadecimal after 0x. */
static uint64_t number_parse(const char *option, const char *text, uint64_t low, uint64_t high)
{
	bool hexadecimal = strncmp(text, "0x", 2) == 0;
	const char *digits = hexadecimal ? text + 2 : text;
	size_t length = strspn(digits, hexadecimal ? "0123456789abcdefABCDEF" : "0123456789");
	unsigned long long value;

	errno = 0;
	value = strtoull(digits, NULL, hexadecimal ? 16 : 10);
	if (length == 0 || digits[length] != '\0' || errno != 0 || value < low || value > high)
		REFUSE("--%s %s: give a number from %llu to %llu", option, text,
			(unsigned long long)low, (unsigned long long)high);
	return value;
}

static const struct lab *lab_find(const char *text)
{
	uint64_t number = number_parse("lab", text, 0, 99);

	for (size_t i = 0; all_labs[i]; i++)
		if (all_labs[i]->number == number)
			return all_labs[i];
	REFUSE("--lab %s: there is no such lab", text);
}

static const char *path_resolve(const char *option, const char *path)
{
	char *resolved = realpath(path, NULL);

	if (!resolved)
		REFUSE("--%s %s: %s", option, path, strerror(errno));
	return resolved;
}

static void test_choose(struct options *options, const char *name)
{
	const struct lab *lab = options->lab;

	if (!options->chosen)
		options->chosen = calloc(lab->test_count + 1, sizeof(*options->chosen));
	if (!options->chosen)
		REFUSE("no memory left");
	for (size_t i = 0; i < lab->test_count; i++)
		if (strcmp(test_name(&lab->tests[i]), name) == 0) {
			options->chosen[i] = true;
			return;
		}
	REFUSE("--test %s: lab %u has no such test: judge --lab %u --list shows them", name,
		lab->number, lab->number);
}

enum choice { LAB, FROM, SEED, TEST, JSON, JOBS, KIT, MONITOR, RECORD, LIST, OPTIONS };

static const struct option long_options[] = {[LAB] = {"lab", required_argument, NULL, LAB},
	[FROM] = {"from", required_argument, NULL, FROM},
	[SEED] = {"seed", required_argument, NULL, SEED},
	[TEST] = {"test", required_argument, NULL, TEST},
	[JSON] = {"json", required_argument, NULL, JSON},
	[JOBS] = {"jobs", required_argument, NULL, JOBS},
	[KIT] = {"kit", required_argument, NULL, KIT},
	[MONITOR] = {"monitor", required_argument, NULL, MONITOR},
	[RECORD] = {"record", required_argument, NULL, RECORD},
	[LIST] = {"list", no_argument, NULL, LIST},
	[OPTIONS] = {NULL, 0, NULL, 0}};

/* The last value of each option; the tests one after another, once the lab is known. */
static void options_parse(struct options *options, int count, char **words)
{
	const char *value[OPTIONS] = {0};
	int option;

	opterr = 0;
	while ((option = getopt_long(count, words, ":", long_options, NULL)) != -1) {
		if (option == ':')
			REFUSE("%s: give a value", words[optind - 1]);
		if (option == '?')
			REFUSE("%s: no such option", words[optind - 1]);
		value[option] = optarg ? optarg : "";
	}
	if (optind < count)
		REFUSE("%s: not an option", words[optind]);
	if (!value[LAB])
		REFUSE("give the lab: --lab N");
	options->lab = lab_find(value[LAB]);
	options->list = value[LIST] != NULL;
	if (options->list)
		return;
	if (!value[FROM] || !*value[FROM])
		REFUSE("give the submission: --from PATH, a folder or a tar archive");
	options->from = value[FROM];
	options->seed =
		value[SEED] ? number_parse("seed", value[SEED], 0, INT64_MAX) : SEED_DEFAULT;
	options->json = value[JSON];
	options->jobs = value[JOBS] ? (unsigned)number_parse("jobs", value[JOBS], 1, JOBS_MAX)
				    : (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	options->kit = path_resolve("kit", value[KIT] ? value[KIT] : ".");
	options->monitor = value[MONITOR] ? path_resolve("monitor", value[MONITOR]) : NULL;
	options->record = value[RECORD];
	optind = 1;
	while ((option = getopt_long(count, words, ":", long_options, NULL)) != -1)
		if (option == TEST)
			test_choose(options, optarg);
}

static int tests_list(const struct lab *lab)
{
	for (size_t i = 0; i < lab->test_count; i++)
		printf("%-17s %3u  %s\n", property_name(lab->tests[i].property),
			lab->tests[i].points, test_name(&lab->tests[i]));
	return 0;
}

/* ---- the work folder ---- */

static char *work_make(void)
{
	const char *place = getenv("TMPDIR");
	char *parent = realpath(place && *place ? place : "/tmp", NULL);
	char *work;

	if (!parent)
		REFUSE("TMPDIR: %s", strerror(errno));
	work = text_print("%s/ringfence.XXXXXX", parent);
	free(parent);
	if (!mkdtemp(work))
		REFUSE("%s: %s", work, strerror(errno));
	return work;
}

/* Removes the folder with all in it. False: something is still there. */
static bool tree_remove(char *folder)
{
	char *const paths[] = {folder, NULL};
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOSTAT, NULL);
	FTSENT *entry;

	while (tree && (entry = fts_read(tree)))
		if (entry->fts_info == FTS_DP || entry->fts_info == FTS_DNR)
			rmdir(entry->fts_accpath);
		else if (entry->fts_info != FTS_D)
			unlink(entry->fts_accpath);
	if (tree)
		fts_close(tree);
	return access(folder, F_OK) != 0;
}

/* An emulator that was just ended may still write: so more than once. */
static void work_remove(char *work)
{
	bool gone = tree_remove(work);

	for (unsigned round = 0; !gone && round < REMOVE_ROUNDS; round++) {
		usleep(REMOVE_PAUSE);
		gone = tree_remove(work);
	}
	if (!gone)
		fprintf(stderr, "judge: %s could not be removed\n", work);
	free(work);
}

/* ---- the judgement ---- */

/* With a monitor that is compiled already: the folder in `from` that has the lab's files. */
static char *submission_find(const struct options *options)
{
	char *folder = text_print("%s/%s", options->from, options->lab->folder);
	char *found = realpath(folder, NULL);

	if (!found)
		found = realpath(options->from, NULL);
	free(folder);
	return found ? found : text_print("%s", options->from);
}

/* Collects and compiles into the work folder. */
static enum blame submission_prepare(
	const struct options *options, const char *work, char **message)
{
	char *folder = text_print("%s/" WORK_SUBMISSION, work);
	enum blame blame = BLAME_KIT;

	*message = NULL;
	if (!sandbox_admit(work) || mkdir(folder, 0755) != 0 || chmod(folder, 0755) != 0)
		*message = text_print("%s: %s", folder, strerror(errno));
	else
		blame = submission_collect(options->lab, options->from, folder, message);
	if (blame == BLAME_NOBODY)
		blame = submission_compile(options->lab, options->kit, work, &stop, message);
	free(folder);
	return blame;
}

static void tests_run(const struct options *options, const char *work, struct result *result)
{
	char *submission = options->monitor ? submission_find(options)
					    : text_print("%s/" WORK_SUBMISSION, work);
	char *monitor = options->monitor ? text_print("%s", options->monitor)
					 : text_print("%s/" WORK_MONITOR, work);
	struct runner runner = {.judgement = {.lab = options->lab,
					.kit = options->kit,
					.monitor = monitor,
					.submission = submission,
					.from = options->from,
					.seed = options->seed,
					.record = options->record},
		.work = work,
		.jobs = options->jobs,
		.progress = isatty(STDERR_FILENO),
		.stop = &stop};

	runner_run(&runner, result);
	free(submission);
	free(monitor);
}

static void submission_judge(const struct options *options, const char *work, struct result *result)
{
	enum blame blame = BLAME_NOBODY;
	char *message = NULL;

	if (!options->monitor) {
		blame = submission_prepare(options, work, &message);
		if (sandbox_kind())
			result->sandbox = sandbox_kind();
	}
	if (blame == BLAME_NOBODY) {
		tests_run(options, work, result);
	} else if (blame == BLAME_SUBMISSION) {
		result->message = message;
		result_fill(result, FAILED, "not run: the submission could not be used");
	} else {
		result->error = message;
		result_fill(result, ERROR, "not run: the submission could not be judged");
	}
}

/* Shows the result and writes it. The exit status. */
static int result_deliver(const struct options *options, const struct result *result)
{
	const char *no_colour = getenv("NO_COLOR");
	int status = result_status(result);

	if (stop) {
		fputs("judge: stopped: nothing was judged\n", stderr);
		return NOT_JUDGED;
	}
	if (result->error && result->not_run)
		fprintf(stderr, "judge: it could not be judged: %s\n", result->error);
	else
		result_print(result, stdout, isatty(STDOUT_FILENO) && !(no_colour && *no_colour));
	if (options->json && !result_write_json(result, options->json)) {
		fprintf(stderr, "judge: %s: %s\n", options->json, strerror(errno));
		status = NOT_JUDGED;
	}
	if (fflush(stdout) != 0) {
		fprintf(stderr, "judge: the result could not be written: %s\n", strerror(errno));
		status = NOT_JUDGED;
	}
	return status;
}

int main(int count, char **words)
{
	struct options options = {0};
	struct sigaction action = {.sa_handler = stop_note};
	struct result *result;
	char *work;
	int status;

	options_parse(&options, count, words);
	if (options.list)
		return tests_list(options.lab);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	work = work_make();
	result = result_new(options.lab, options.from, options.seed, options.chosen);
	submission_judge(&options, work, result);
	work_remove(work);
	status = result_deliver(&options, result);
	result_free(result);
	free(options.chosen);
	free((char *)options.kit);
	free((char *)options.monitor);
	return status;
}
