/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program can use: the system calls, and a few functions on top of them. Both return errors
 * as negative numbers (abi.h). */
#ifndef POCKET_H
#define POCKET_H

#include "abi.h"
#include "format.h"
#include "string.h"

#include <stdbool.h>
#include <stdint.h>

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- calls.c: the system calls ---- */

/* Any of them; the others are made of it. */
int32_t system_call(uint32_t number, uint32_t ebx, uint32_t ecx, uint32_t edx);

/* Tasks. exec() only comes back with an error. argv ends with NULL; argv[0] is the program's name.
 */
_Noreturn void exit(int32_t status);
int32_t fork(void);
int32_t exec(const char *path, char *const argv[]);
int32_t wait(int32_t *status);
int32_t waitpid(int32_t id, int32_t *status);
int32_t getpid(void);
int32_t getppid(void);
int32_t kill(int32_t id);
int32_t yield(void);
int32_t sleep(uint32_t milliseconds);
int32_t job_begin(bool foreground);
int32_t task_status(int32_t id, struct task_status *status);
int32_t power_off(void);

/* Files: `flags` are OPEN_ of files.h. dup2() closes what `descriptor` was. */
int32_t open(const char *path, uint32_t flags);
int32_t close(int32_t file);
int32_t read(int32_t file, void *bytes, uint32_t size);
int32_t write(int32_t file, const void *bytes, uint32_t length);
int32_t seek(int32_t file, int32_t offset, enum seek_from from);
int32_t truncate(int32_t file, uint32_t size);
int32_t dup(int32_t file);
int32_t dup2(int32_t file, int32_t descriptor);
int32_t pipe(int32_t ends[2]);
int32_t file_status(int32_t file, struct file_status *status);
int32_t path_status(const char *path, struct file_status *status);

/* Names on the disk. */
int32_t next_name(int32_t directory, struct directory_name *name);
int32_t unlink(const char *path);
int32_t mkdir(const char *path);
int32_t rmdir(const char *path);
int32_t rename(const char *path, const char *new_path);
int32_t chdir(const char *path);
int32_t sync(void);
int32_t disk_space(struct disk_space *space);

/* Memory. sbrk() moves the end of the heap and returns where it was; NULL: there is not so much. */
void *sbrk(int32_t bytes);
int32_t frames_free(void);

uint32_t time(void);
uint32_t uptime(void);

/* ---- print.c: text to files ---- */

/* One write(), so that no other program's output comes between. At most TEXT_MAX - 1 bytes. Where
 * no one reads them any more, the program ends. */
__attribute__((format(printf, 2, 3))) void print(int32_t file, const char *format, ...);

/* To FILE_OUTPUT. */
__attribute__((format(printf, 1, 2))) void printf(const char *format, ...);

/* What an error means. */
const char *error_text(int32_t error);

/* "program: what: the error's meaning" as a message. Returns 1, a status for the program's end. */
int32_t complain(const char *program, const char *what, int32_t error);

/* ---- lines.c: text from files ---- */

#define LINE_MAX 256 /* of a line, with its NUL */

/* A file that is read line by line. */
struct reader {
	int32_t file;
	uint32_t start, end; /* what is left of `bytes` */
	char bytes[512];
};

/* Sets up everything but `file`, which is open. */
void reader_begin(struct reader *reader, int32_t file);

/* The next line without its \n, or as much of it as fits; the rest comes next. 1; 0: the file is at
 * its end; or an error. */
int32_t reader_line(struct reader *reader, char line[LINE_MAX]);

/* Calls a function for each file that is named behind argv[first], or for the input where there is
 * none. Returns a status: 0, or 1 where one of them could not be opened, or the function did not
 * return 0. */
int32_t files_each(int32_t argc, char **argv, int32_t first,
	int32_t (*function)(int32_t file, const char *name));

/* ---- names.c ---- */

/* Calls a function for each name in argv[1] and behind it, and complains about its errors. Returns
 * a status. */
int32_t names_each(int32_t argc, char **argv, int32_t (*function)(const char *name));

/* Where `source` goes with `target`: to that name, or into it where it is a directory. False: the
 * path is too long. */
bool target_path(const char *target, const char *source, char path[PATH_MAX]);

/* ---- heap.c ---- */

/* NULL: there is no memory. */
void *malloc(uint32_t size);

/* What malloc() gave. NULL is allowed. */
void free(void *memory);

/* ---- start.c: other programs ---- */

/* exec(), where a name without a '/' is that of a file in /bin. */
int32_t exec_named(const char *name, char *const argv[]);

/* A new task runs a program without arguments. Its id, or an error of fork(). Where the program
 * cannot be run, the task ends with exec()'s error as its status. */
int32_t start(const char *name);

/* A decimal number; 0 where there is none. */
uint32_t number_read(const char *text);

/* The last part of a path. */
const char *path_name(const char *path);

/*
 * ---- every program's own ----
 *
 * int32_t main(void) or int32_t main(int32_t argc, char **argv): returns the program's status.
 */

#endif
