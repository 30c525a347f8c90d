/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compiles a submission's organs in the sandbox.
 *
 * The compiler can read what it needs and no more: the submission, the makefiles, the chassis
 * and the reference organs of earlier labs. Not this lab's solution, the graded tests or another
 * submission, all of which an #include would reach if they were there.
 *
 * Invariant: before the submission is compiled, the same sandbox shows that the tools and the
 * kit's files are there. So a failure after that is the submission's, and no student pays for a
 * missing compiler.
 */
#include "sandbox.h"
#include "submission.h"
#include "text.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MESSAGE_LINES 40u
#define PATHS_MAX     32

/* What the compiler may read. The strings belong to this. */
struct paths {
	char *path[PATHS_MAX + 1];
	size_t count;
};

struct compilation {
	const char *work;
	struct paths readable;
	char *out; /* the writable folder */
	char *result;
	const volatile sig_atomic_t *stop;
	struct sandbox_outcome outcome;
	char **message;
};

static void paths_add(struct paths *paths, char *path)
{
	if (paths->count < PATHS_MAX)
		paths->path[paths->count++] = path;
	else
		free(path);
}

/* Every makefile in the kit's folders: the top one includes them. */
static void paths_add_makefiles(struct paths *paths, const char *kit)
{
	char *pattern = text_print("%s/*/*.mk", kit);
	glob_t found;

	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			paths_add(paths, text_print("%s", found.gl_pathv[i]));
		globfree(&found);
	}
	free(pattern);
}

static void paths_fill(
	struct paths *paths, const struct lab *lab, const char *kit, const char *work)
{
	paths_add(paths, text_print("%s/Makefile", kit));
	paths_add_makefiles(paths, kit);
	paths_add(paths, text_print("%s/monitor", kit));
	paths_add(paths, text_print("%s/build/chassis", kit));
	for (size_t i = 0; all_labs[i]; i++)
		if (all_labs[i]->number < lab->number)
			paths_add(paths, text_print("%s/solutions/%s", kit, all_labs[i]->folder));
	paths_add(paths, text_print("%s/" WORK_SUBMISSION, work));
}

/* The text without a folder's name in front of the files in it. Takes the text over. */
static char *text_shorten(char *text, const char *work, const char *folder)
{
	char *prefix = text_print("%s/%s", work, folder);
	char *shorter = text_without(text, prefix);

	free(prefix);
	free(text);
	return shorter;
}

/* What the programs said, fit for a student, who knows the files by their own names. */
static char *output_text(const struct compilation *compilation)
{
	const struct sandbox_outcome *outcome = &compilation->outcome;
	char *text = text_escape(outcome->output, outcome->output_size);
	char *lines, *all;

	text = text_shorten(text, compilation->work, WORK_SUBMISSION "/./");
	text = text_shorten(text, compilation->work, WORK_SUBMISSION "/");
	text = text_shorten(text, compilation->work, "");
	lines = text_first_lines(text, MESSAGE_LINES);
	all = text_print("%s%s", lines, outcome->cut ? "[more output was cut off]\n" : "");
	free(text);
	free(lines);
	return all;
}

/* Runs a command that can read the paths. True if it ran to its end by itself. */
static bool compilation_run(
	struct compilation *compilation, const char *const *argv, const char *result)
{
	struct sandbox_command command = {.argv = argv,
		.readable = (const char *const *)compilation->readable.path,
		.writable = compilation->out,
		.result = result,
		.result_path = result ? compilation->result : NULL,
		.stop = compilation->stop};

	switch (sandbox_run(&command, &compilation->outcome)) {
	case SANDBOX_BROKEN:
		*compilation->message = text_print("the sandbox failed: %s", strerror(errno));
		return false;
	case SANDBOX_STOPPED:
		*compilation->message = text_print("stopped while the submission was compiled");
		return false;
	case SANDBOX_TIMEOUT:
		/* Not the submission's fault for certain: this machine may be slow. A compiler
		 * that a submission keeps busy runs into the limit on CPU time before. */
		*compilation->message = text_print(
			"compiling took more than %u seconds: try again when this machine has "
			"less to do",
			SANDBOX_SECONDS);
		return false;
	case SANDBOX_TOO_LARGE:
	case SANDBOX_ENDED:
		break;
	}
	return true;
}

/* Are the tools there, and may the sandbox's user read the kit? */
static enum blame kit_check(struct compilation *compilation)
{
	static const char script[] =
		"for tool in make gcc nasm ld; do command -v $tool >/dev/null || "
		"{ echo \"$tool is not installed\"; exit 1; }; done; "
		"hidden=$(find \"$@\" ! -readable -print -quit 2>&1) && test -z \"$hidden\" || "
		"{ echo \"the sandbox's user may not read $hidden: run chmod -R go+rX on the "
		"kit\"; exit 1; }";
	const char *argv[PATHS_MAX + 5] = {"sh", "-c", script, "sh"};
	const struct paths *paths = &compilation->readable;
	char *said;

	for (size_t i = 0; i < paths->count; i++) {
		if (access(paths->path[i], F_OK) != 0) {
			*compilation->message = text_print("%s is missing: name the kit's folder "
							   "with --kit, and run make chassis in it",
				paths->path[i]);
			return BLAME_KIT;
		}
		argv[4 + i] = paths->path[i];
	}
	if (!compilation_run(compilation, argv, NULL))
		return BLAME_KIT;
	if (compilation->outcome.status == 0)
		return BLAME_NOBODY;
	said = output_text(compilation);
	*compilation->message = text_print("nothing can be compiled here: %s", said);
	free(said);
	return BLAME_KIT;
}

static enum blame organs_compile(
	struct compilation *compilation, const struct lab *lab, const char *kit)
{
	char *number = text_print("LAB=%u", lab->number);
	char *from = text_print("FROM=%s/" WORK_SUBMISSION, compilation->work);
	char *out = text_print("OUT=%s", compilation->out);
	const char *argv[] = {
		"make", "--no-print-directory", "-C", kit, "organs", number, from, out, NULL};
	bool ran = compilation_run(compilation, argv, WORK_MONITOR);
	char *said = output_text(compilation);
	enum blame blame = BLAME_NOBODY;

	if (!ran) {
		blame = BLAME_KIT;
	} else if (compilation->outcome.ending == SANDBOX_TOO_LARGE) {
		blame = BLAME_SUBMISSION;
		*compilation->message = text_print(
			"the compiled monitor is larger than %u MiB", SANDBOX_RESULT >> 20);
	} else if (compilation->outcome.status != 0) {
		blame = BLAME_SUBMISSION;
		*compilation->message = text_print("the submission does not compile:\n%s", said);
	}
	free(number);
	free(from);
	free(out);
	free(said);
	return blame;
}

enum blame submission_compile(const struct lab *lab, const char *kit, const char *work,
	const volatile sig_atomic_t *stop, char **message)
{
	struct compilation *compilation = calloc(1, sizeof(*compilation));
	enum blame blame;

	*message = NULL;
	if (!compilation || !sandbox_kind()) {
		*message = text_print("no sandbox works here, not even resource limits: nothing "
				      "can be compiled");
		free(compilation);
		return BLAME_KIT;
	}
	compilation->work = work;
	compilation->stop = stop;
	compilation->message = message;
	compilation->out = text_print("%s/out", work);
	compilation->result = text_print("%s/" WORK_MONITOR, work);
	paths_fill(&compilation->readable, lab, kit, work);
	if (mkdir(compilation->out, 0700) != 0) {
		*message = text_print("%s: %s", compilation->out, strerror(errno));
		blame = BLAME_KIT;
	} else {
		blame = kit_check(compilation);
		if (blame == BLAME_NOBODY)
			blame = organs_compile(compilation, lab, kit);
	}
	for (size_t i = 0; i < compilation->readable.count; i++)
		free(compilation->readable.path[i]);
	free(compilation->out);
	free(compilation->result);
	free(compilation);
	return blame;
}
