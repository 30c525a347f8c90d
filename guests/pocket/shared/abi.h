/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel and its programs must agree on.
 *
 * A system call is INT 80h. EAX holds its number, EBX, ECX and EDX its arguments. EAX returns the
 * result, or an error, which is negative. All other registers stay as they are.
 */
#ifndef ABI_H
#define ABI_H

#include "files.h"

enum call {
	CALL_EXIT = 1,       /* (status): never returns */
	CALL_WRITE = 2,      /* (file, bytes, length): how many were written */
	CALL_READ = 3,       /* (file, bytes, size): how many were read; 0 at the end of the file */
	CALL_GETPID = 4,     /* (): this task's id, above 0 */
	CALL_YIELD = 5,      /* (): 0, after others had a turn */
	CALL_SLEEP = 6,      /* (milliseconds): 0, not before they have passed */
	CALL_FORK = 7,       /* (): the new task's id; 0 in the new task */
	CALL_WAIT = 8,       /* (pointer to status, id or 0): the id of a child that has ended */
	CALL_TIME = 9,       /* (): seconds since 1970 */
	CALL_UPTIME = 10,    /* (): milliseconds since the machine started */
	CALL_EXEC = 11,      /* (path, argv): comes back only with an error */
	CALL_GETPPID = 12,   /* (): the parent's id */
	CALL_SBRK = 13,      /* (bytes, signed): the old end of the heap; no error is an address */
	CALL_KILL = 14,      /* (id): 0 */
	CALL_FRAMES = 15,    /* (): page frames that are free */
	CALL_POWER_OFF = 16, /* (): never returns; only for the first task */

	CALL_OPEN = 17,      /* (path, OPEN_ flags): a descriptor, the lowest that is free */
	CALL_CLOSE = 18,     /* (file): 0 */
	CALL_SEEK = 19,      /* (file, offset, FROM_ word): the new offset */
	CALL_DUPLICATE = 20, /* (file, descriptor or -1): another descriptor of the same */
	CALL_PIPE = 21,      /* (pointer to two descriptors: to read, to write): 0 */
	CALL_STATUS = 22,    /* (file, pointer to struct file_status): 0 */
	CALL_NEXT_NAME = 23, /* (directory, pointer to struct directory_name): 1; 0: no more */
	CALL_TRUNCATE = 24,  /* (file, size): 0 */
	CALL_UNLINK = 25,    /* (path): 0 */
	CALL_MKDIR = 26,     /* (path): 0 */
	CALL_RMDIR = 27,     /* (path): 0 */
	CALL_RENAME = 28,    /* (path, new path): 0 */
	CALL_CHDIR = 29,     /* (path): 0 */
	CALL_SYNC = 30,      /* (): 0, when all that was written is on the disk */
	CALL_SPACE = 31,     /* (pointer to struct disk_space): 0 */
	CALL_JOB = 32,       /* (foreground): 0. The task and its later children are a new job; that
				in the foreground is what Ctrl-C ends */
	CALL_TASK = 33,      /* (id, pointer to struct task_status): the lowest id from that on, or
				ERROR_NO_TASK */
};

enum error {
	ERROR_NO_CALL = -1,  /* no system call has this number */
	ERROR_POINTER = -2,  /* not the program's own memory */
	ERROR_NO_FILE = -3,  /* nothing has this name */
	ERROR_FORMAT = -5,   /* the program's file is broken */
	ERROR_MEMORY = -6,   /* there is not enough memory */
	ERROR_NO_CHILD = -7, /* there is no one to wait for */
	ERROR_TOO_LONG = -8, /* a name, a path, or a program's arguments */
	ERROR_NO_TASK = -9,  /* no program runs with this id */
	ERROR_DENIED = -10,  /* not for this task, or not to that one */
	ERROR_KILLED = -11,  /* the task ends before it sees this */

	/* of files: see files.h */
	ERROR_DESCRIPTOR = -12, /* not open, or not for that */
	ERROR_EXISTS = -13,     /* that name is taken */
	ERROR_NOT_DIRECTORY = -14,
	ERROR_IS_DIRECTORY = -15,
	ERROR_NOT_EMPTY = -16, /* that directory has names in it */
	ERROR_TOO_MANY = -17,  /* open files */
	ERROR_TOO_LARGE = -18, /* for a file */
	ERROR_PIPE = -19,      /* no one can read any more what is written */
	ERROR_ARGUMENT = -20,  /* any other mistake in an argument */
	ERROR_DISK_FULL = -21,
	ERROR_DISK = -22, /* the disk failed */
};

enum task_state {
	TASK_READY,    /* could run */
	TASK_RUNNING,  /* only one */
	TASK_SLEEPING, /* until someone wakes it */
	TASK_ENDED,    /* until its parent has asked for its status */
};

#define TASK_NAME_MAX 16

/* What CALL_TASK tells. */
struct task_status {
	uint32_t id, parent, job;
	uint32_t state; /* enum task_state */
	char name[TASK_NAME_MAX];
};

#define STATUS_KILLED -1 /* the status of a task that the kernel ended */

/* A program's addresses: [USER_BASE, USER_END). user.ld has USER_BASE too. */
#define USER_BASE 0x40000000u
#define USER_END  0xc0000000u

#endif
