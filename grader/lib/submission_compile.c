/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compiles a submission's organs in the sandbox.
 *
 * The compiler can read what it needs and no more: the submission, and a copy of the makefiles, the
 * chassis and the reference organs of earlier labs. Not this lab's solution, the graded tests or
 * another submission, all of which an #include would reach if they were there. A copy, because the
 * sandbox's user may have no way into the folder where the kit lies.
 *
 * Invariant: before the submission is compiled, the same sandbox shows that the tools and the
 * kit's files are there. So a failure after that is the submission's, and no student pays for a
 * missing compiler.
 */
#include "sandbox.h"
#include "submission.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGE_LINES 40u

struct compilation {
	const char *work;
	char *kit;                   /* the copy */
	const char *const *readable; /* folders, the last is NULL */
	char *out;                   /* the writable folder */
	const volatile sig_atomic_t *stop;
	struct sandbox_outcome outcome;
	char **message;
};

/* Where in the kit's folder a part of it is. */
static const char *const kit_parts[] = {"Makefile", "monitor", "build/chassis"};

/* The same for a lab with guests that are linked anew (guests/guests.mk). */
static const char driverless[] = "build/guests/driverless";

/* Runs cp. True: it copied all. */
static bool files_copy(const char *script, const char *from, const char *to, const char *more)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		execlp("sh", "sh", "-c", script, from, to, more, (char *)NULL);
		_exit(127);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

/* Is that part of the kit's folder there? */
static bool part_check(struct compilation *compilation, const char *kit, const char *part)
{
	char *path = text_print("%s/%s", kit, part);
	bool there = access(path, F_OK) == 0;

	if (!there)
		*compilation->message = text_print(
			"%s is missing: name the kit's folder with --kit, and run make kit in it",
			path);
	free(path);
	return there;
}

/* A list of words, and one more. Takes the list over. */
static char *words_add(char *words, const char *folder, const char *name)
{
	char *longer = text_print("%s %s%s", words, folder, name);

	free(words);
	return longer;
}

/* Copies what the makefile's target `organs` needs into the work folder. False: the message says
 * why. */
static bool kit_copy(struct compilation *compilation, const struct lab *lab, const char *kit)
{
	/* $0: from, $1: to, $2: more folders, a list of words */
	static const char script[] =
		"mkdir \"$1\" && cd \"$0\" && cp -r --parents Makefile guests/*.mk grader/*.mk monitor build/chassis $2 "
		"\"$1\" && chmod -R u+w,a+rX \"$1\"";
	char *more;

	for (size_t i = 0; i < sizeof(kit_parts) / sizeof(kit_parts[0]); i++)
		if (!part_check(compilation, kit, kit_parts[i]))
			return false;
	if (lab->guests && !part_check(compilation, kit, driverless))
		return false;
	more = text_print("%s", "");
	for (size_t i = 0; all_labs[i]; i++)
		if (all_labs[i]->number < lab->number)
			more = words_add(more, "solutions/", all_labs[i]->folder);
	if (lab->guests)
		more = words_add(more, driverless, "");
	bool copied = files_copy(script, kit, compilation->kit, more);
	if (!copied)
		*compilation->message =
			text_print("the kit could not be copied to %s", compilation->kit);
	free(more);
	return copied;
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

/* Runs a command that can read the paths. What it leaves as `result` in the writable folder goes
 * to the work folder, by the same name. True if it ran to its end by itself. */
static bool compilation_run(
	struct compilation *compilation, const char *const *argv, const char *result)
{
	char *result_path = result ? text_print("%s/%s", compilation->work, result) : NULL;
	struct sandbox_command command = {.argv = argv,
		.readable = compilation->readable,
		.writable = compilation->out,
		.result = result,
		.result_path = result_path,
		.stop = compilation->stop};
	enum sandbox_ending ending = sandbox_run(&command, &compilation->outcome);
	int error = errno;

	free(result_path);
	errno = error;

	switch (ending) {
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

/* Are the tools there, in the sandbox? */
static enum blame tools_check(struct compilation *compilation)
{
	static const char *const argv[] = {"sh", "-c",
		"for tool in make gcc nasm ld; do command -v $tool >/dev/null || "
		"{ echo \"$tool is not installed\"; exit 1; }; done",
		NULL};
	char *said;

	if (!compilation_run(compilation, argv, NULL))
		return BLAME_KIT;
	if (compilation->outcome.status == 0)
		return BLAME_NOBODY;
	said = output_text(compilation);
	*compilation->message = text_print("nothing can be compiled here: %s", said);
	free(said);
	return BLAME_KIT;
}

/* Runs a target of the makefile, for one file that it makes. */
static enum blame target_make(struct compilation *compilation, const struct lab *lab,
	const char *target, const char *result)
{
	char *number = text_print("LAB=%u", lab->number);
	char *from = text_print("FROM=%s/" WORK_SUBMISSION, compilation->work);
	char *out = text_print("OUT=%s", compilation->out);
	const char *argv[] = {"make", "--no-print-directory", "-C", compilation->kit, target,
		number, from, out, NULL};
	bool ran = compilation_run(compilation, argv, result);
	char *said = output_text(compilation);
	enum blame blame = BLAME_NOBODY;

	if (!ran) {
		blame = BLAME_KIT;
	} else if (compilation->outcome.ending == SANDBOX_TOO_LARGE) {
		blame = BLAME_SUBMISSION;
		*compilation->message = text_print(
			"%s, as compiled, is larger than %u MiB", result, SANDBOX_RESULT >> 20);
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

/* The guests that a driver is linked with. One file comes out of the sandbox at a time. */
static enum blame guests_compile(struct compilation *compilation, const struct lab *lab)
{
	char *folder = text_print("%s/" WORK_GUESTS, compilation->work);
	enum blame blame = BLAME_NOBODY;

	if (mkdir(folder, 0700) != 0) {
		blame = BLAME_KIT;
		*compilation->message = text_print("%s: %s", folder, strerror(errno));
	}
	for (size_t i = 0; blame == BLAME_NOBODY && lab->guests[i]; i++) {
		char *result = text_print(WORK_GUESTS "/%s.elf", lab->guests[i]);

		blame = target_make(compilation, lab, "driven", result);
		free(result);
	}
	free(folder);
	return blame;
}

static enum blame organs_compile(struct compilation *compilation, const struct lab *lab)
{
	enum blame blame = target_make(compilation, lab, "organs", WORK_MONITOR);

	if (blame == BLAME_NOBODY && lab->guests)
		blame = guests_compile(compilation, lab);
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
	compilation->kit = text_print("%s/kit", work);
	char *submission = text_print("%s/" WORK_SUBMISSION, work);
	const char *const readable[] = {compilation->kit, submission, NULL};
	compilation->readable = readable;
	if (mkdir(compilation->out, 0700) != 0) {
		*message = text_print("%s: %s", compilation->out, strerror(errno));
		blame = BLAME_KIT;
	} else if (!kit_copy(compilation, lab, kit)) {
		blame = BLAME_KIT;
	} else {
		blame = tools_check(compilation);
		if (blame == BLAME_NOBODY)
			blame = organs_compile(compilation, lab);
	}
	free(submission);
	free(compilation->kit);
	free(compilation->out);
	free(compilation);
	return blame;
}
