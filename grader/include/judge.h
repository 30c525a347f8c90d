/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The judge: what a lab declares, and what a graded test can ask for.
 *
 * A graded test is an ordinary Check test, one START_TEST, run in a process of its own. It
 * boots machines (machines.h), looks at them from outside and asserts. A lab lists its tests
 * with their property and points.
 */
#ifndef JUDGE_H
#define JUDGE_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Popek and Goldberg's three properties: every test belongs to one. */
enum property { EQUIVALENCE, RESOURCE_CONTROL, EFFICIENCY };

/* "equivalence", "resource-control", "efficiency" */
const char *property_name(enum property property);

struct graded_test {
	const TTest *const *test; /* &name, where START_TEST(name) made it */
	enum property property;
	unsigned points;
	const char *guest; /* for the debugger's command; NULL: none in particular */
};

struct lab {
	unsigned number;
	const char *name;         /* "rings" */
	const char *folder;       /* "1-rings" */
	const char *const *files; /* what a student hands in; the last is NULL */
	/* the guests that one of these is linked with; the last is NULL. NULL: there are none */
	const char *const *guests;
	const struct graded_test *tests;
	size_t test_count;
};

/* All labs, the last is NULL. */
extern const struct lab *const all_labs[];

/* ---- inside a running test ---- */

/* What is being judged. Valid while a test runs. */
struct judgement {
	const struct lab *lab;
	const char *kit;        /* the kit's root folder */
	const char *monitor;    /* the monitor's ELF file, chassis and organs; beside it the folder
				 * guests/, with those of lab->guests */
	const char *submission; /* the folder with the student's files, as collected */
	const char *from;       /* FROM= as the user gave it, for commands that reproduce */
	uint64_t seed;
	const char *test;   /* the running test's name */
	const char *record; /* the folder for records of failed tests, or NULL */
};
const struct judgement *judgement(void);

/* Random numbers that depend on the seed and the test's name alone. */
uint32_t random_u32(void);
uint32_t random_below(uint32_t bound);

/* What the message says beside the failure, if one of the assertions that follow fails: a usual
 * mistake, or what to look at. The next hint takes its place; NULL: none. */
__attribute__((format(printf, 1, 2))) void hint(const char *format, ...);

/* A number for the "measured" part of the result. */
void measure(const char *name, uint64_t value);

/* The test cannot be judged: an emulator that did not start, a file of the kit's that is
 * missing. Ends the test with the status "error", never with a zero. */
__attribute__((format(printf, 1, 2), noreturn)) void infrastructure_error(const char *format, ...);

/* ---- hooks that the runner calls in the test's process (machines.c and explain.c have them) ----
 */

/* After a failure, while the machines are still there: what the guest did, the last exits,
 * the instruction. Appended to the message. May write nothing. */
void machines_explain(char *text, size_t size);

/*
 * After a failure: leaves in `folder`, which is empty, what the debugger needs to come back to this
 * moment: disk.img, monitor.elf, and a file `machine` with lines "from F", "megs N", "tick T",
 * "monitor monitor.elf" (none where the machine is bare), "second second.img" (the disk of a bare
 * guest that has one), "guest NAME"; and NAME.elf of a guest that is the submission's in part.
 * False: there is none to come back to.
 */
bool machines_record(const char *folder);

/* Ends every machine that the test started. */
void machines_end(void);

#endif
