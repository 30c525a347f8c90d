/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sandbox: runs a program on input that may be hostile, so that it can read what it needs,
 * write into one folder, and use up a little, and no more.
 *
 * Inside there are the system's programs (/usr), /dev/null, the paths that the command names,
 * and one writable folder. All paths are the same as outside. There is no network, no home, no
 * terminal, and an environment of its own.
 *
 * Sources: bwrap(1), setrlimit(2), landlock(7), user_namespaces(7).
 */
#ifndef RINGFENCE_SANDBOX_H
#define RINGFENCE_SANDBOX_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#define SANDBOX_SECONDS     60u         /* of wall-clock time, for all of it */
#define SANDBOX_CPU_SECONDS 15u         /* of each process: bites first, also on a busy machine */
#define SANDBOX_MEMORY      (1u << 30)  /* bytes of address space, of each process */
#define SANDBOX_PROCESSES   256u        /* at the same time */
#define SANDBOX_FILES       256u        /* open in one process */
#define SANDBOX_FILE_BYTES  (32u << 20) /* of one file */
#define SANDBOX_DISK_BYTES  (64u << 20) /* of the writable folder (bubblewrap only) */
#define SANDBOX_OUTPUT      (64u << 10) /* bytes of output that are kept */
#define SANDBOX_RESULT      (16u << 20) /* bytes of the file that is taken out */

/*
 * What confines the program here, found out by trying once:
 * "bubblewrap";
 * "unprivileged user with resource limits", where the caller is root but may not make
 * namespaces, as in many containers;
 * "resource limits only", for other users in that case.
 * The last two also use Landlock where the kernel has it; the network, and the number of files
 * in the writable folder, are not limited then. NULL: not even that works.
 *
 * RINGFENCE_SANDBOX=limits in the environment leaves bubblewrap out.
 */
const char *sandbox_kind(void);

struct sandbox_command {
	const char *const *argv;     /* the program is looked up in /usr/bin and /bin */
	const char *const *readable; /* absolute paths; NULL: none. Both end with NULL */
	const char *writable;        /* absolute: a folder of the caller's, empty */
	const char *result;          /* a file in it to take out when the program succeeds */
	const char *result_path;     /* where to: must not exist. Both NULL: nothing to take */
	unsigned seconds;            /* 0: SANDBOX_SECONDS */
	const volatile sig_atomic_t *stop; /* ends the program once it is not 0; may be NULL */
};

enum sandbox_ending {
	SANDBOX_ENDED,     /* by itself, or over a limit: `status` says how */
	SANDBOX_TIMEOUT,   /* the wall-clock time was up */
	SANDBOX_STOPPED,   /* *stop was set */
	SANDBOX_TOO_LARGE, /* the result is larger than SANDBOX_RESULT */
	SANDBOX_BROKEN,    /* the sandbox does not work: errno says why */
};

struct sandbox_outcome {
	enum sandbox_ending ending;
	int status; /* as a shell counts: 128 + the signal's number for a program that it ended */
	bool cut;   /* was there more output? */
	size_t output_size;
	char output[SANDBOX_OUTPUT]; /* of both streams, raw: may hold any byte */
};

/*
 * Lets the sandbox pass through a folder that is private to the user, to what lies in it and is
 * open to all. Where root judges, the programs inside belong to another user. False: errno says
 * why.
 */
bool sandbox_admit(const char *folder);

/*
 * Runs a command to its end and returns how it ended, also in the outcome. All its processes
 * are dead then (of resource limits only: all that stayed in its session). `result_path` exists
 * only after SANDBOX_ENDED with status 0.
 */
enum sandbox_ending sandbox_run(
	const struct sandbox_command *command, struct sandbox_outcome *outcome);

#endif
