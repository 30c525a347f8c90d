/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel and its programs must agree on.
 *
 * A system call is INT 80h. EAX holds its number, EBX, ECX and EDX its arguments. EAX returns the
 * result, or an error, which is negative. All other registers stay as they are.
 */
#ifndef ABI_H
#define ABI_H

enum call {
	CALL_EXIT = 1,   /* (status): never returns */
	CALL_WRITE = 2,  /* (file, text, length): the length */
	CALL_READ = 3,   /* (file, text, size): the bytes of one line; 0 at the end of input */
	CALL_GETPID = 4, /* (): this task's id, above 0 */
	CALL_YIELD = 5,  /* (): 0, after others had a turn */
	CALL_SLEEP = 6,  /* (milliseconds): 0, not before they have passed */
	CALL_SPAWN = 7,  /* (name): the id of a new task, which runs that program */
	CALL_WAIT = 8,   /* (pointer to status): the id of a child that has ended */
	CALL_TIME = 9,   /* (): seconds since 1970 */
	CALL_UPTIME = 10 /* (): milliseconds since the machine started */
};

enum error {
	ERROR_NO_CALL = -1,    /* no system call has this number */
	ERROR_POINTER = -2,    /* not the program's own memory */
	ERROR_NO_FILE = -3,    /* neither FILE_INPUT nor FILE_OUTPUT, or the other of the two */
	ERROR_NO_PROGRAM = -4, /* no program has this name */
	ERROR_FORMAT = -5,     /* the program's file is broken */
	ERROR_MEMORY = -6,     /* there is not enough memory */
	ERROR_NO_CHILD = -7,   /* there is no one to wait for */
	ERROR_TOO_LONG = -8,
};

#define FILE_INPUT  0
#define FILE_OUTPUT 1

#define STATUS_KILLED -1 /* the status of a task that the kernel ended */

#define USER_BASE 0x1000u /* a program's lowest address; user.ld has it too */

#endif
