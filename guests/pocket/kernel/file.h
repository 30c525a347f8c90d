/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open files: what a descriptor stands for.
 *
 * A file is the console, an end of a pipe, or an inode with a place in it. It is open as long as
 * any descriptor of any task stands for it. Data here are always the kernel's own memory.
 */
#ifndef FILE_H
#define FILE_H

#include "fs.h"

struct file;

/* A task's. No other task touches them. */
struct files {
	struct file *file[FILES_MAX]; /* NULL: that descriptor is free */
	struct inode *directory;      /* where paths begin */
};

/* The console as the first three, and the root. 0 or ERROR_MEMORY. */
int32_t files_begin(struct files *files);

/* The same files for another task. */
void files_share(struct files *to, const struct files *from);

void files_close(struct files *files);

/* The lowest free descriptor gets the file; ERROR_TOO_MANY: there is none. */
int32_t files_add(struct files *files, struct file *file);

/* NULL: this descriptor is not open. */
struct file *files_get(const struct files *files, uint32_t descriptor);

/* Both give the file with one user. ERROR_MEMORY, or what fs_open() says. */
int32_t file_open(struct inode *directory, const char *path, uint32_t flags, struct file **file);
int32_t file_open_pipe(struct file **reader, struct file **writer);

/* One user more, one fewer. The last one closes it. */
struct file *file_share(struct file *file);
void file_close(struct file *file);

/* How many bytes were read: 0 at the end; or written. Both may sleep for long. */
int32_t file_read(struct file *file, void *data, uint32_t size);
int32_t file_write(struct file *file, const void *data, uint32_t size);

/* Reading may have to wait for someone, however much was read before. */
bool file_may_wait(const struct file *file);

int32_t file_seek(struct file *file, int32_t offset, uint32_t from);
int32_t file_truncate(struct file *file, uint32_t size);
int32_t file_next_name(struct file *file, struct directory_name *name);
void file_status(struct file *file, struct file_status *status);

#endif
