/* SPDX-License-Identifier: BSD-2-Clause */
/* Open files: see file.h. */
#include "file.h"

#include "console.h"
#include "cpu.h"
#include "heap.h"
#include "pipe.h"

#define OFFSET_MAX (1 << 29) /* far above any file's end, and no sum of two overflows */

struct file {
	uint32_t users;
	enum file_type type;
	uint32_t flags; /* OPEN_READ, OPEN_WRITE, OPEN_APPEND */

	struct inode *inode; /* TYPE_FILE, TYPE_DIRECTORY */
	uint32_t offset;
	struct pipe *pipe; /* TYPE_PIPE */
};

/* ---- opening and closing ---- */

static struct file *file_create(enum file_type type, uint32_t flags)
{
	struct file *file = heap_allocate(sizeof(*file));

	if (file)
		*file = (struct file){.users = 1, .type = type, .flags = flags};
	return file;
}

int32_t file_open(struct inode *directory, const char *path, uint32_t flags, struct file **result)
{
	struct file *file = file_create(TYPE_FILE, flags);
	struct file_status status;

	if (!file)
		return ERROR_MEMORY;
	int32_t error = fs_open(directory, path, flags, &file->inode);
	if (error < 0) {
		heap_free(file);
		return error;
	}
	fs_status(file->inode, &status);
	file->type = status.type;
	*result = file;
	return 0;
}

int32_t file_open_pipe(struct file **reader, struct file **writer)
{
	struct pipe *pipe = pipe_create();

	*reader = pipe ? file_create(TYPE_PIPE, OPEN_READ) : NULL;
	*writer = *reader ? file_create(TYPE_PIPE, OPEN_WRITE) : NULL;
	if (!*writer) {
		heap_free(*reader);
		heap_free(pipe);
		return ERROR_MEMORY;
	}
	(*reader)->pipe = (*writer)->pipe = pipe;
	return 0;
}

struct file *file_share(struct file *file)
{
	uint32_t flags = interrupts_disable();

	file->users++;
	interrupts_restore(flags);
	return file;
}

void file_close(struct file *file)
{
	uint32_t flags = interrupts_disable();
	bool last = --file->users == 0;

	interrupts_restore(flags);
	if (!last)
		return;
	if (file->type == TYPE_PIPE)
		pipe_close(file->pipe, file->flags & OPEN_WRITE);
	fs_close(file->inode);
	heap_free(file);
}

/* ---- what can be done with them ---- */

int32_t file_read(struct file *file, void *data, uint32_t size)
{
	if (!(file->flags & OPEN_READ))
		return ERROR_DESCRIPTOR;
	switch (file->type) {
	case TYPE_CONSOLE:
		return (int32_t)console_read(data, size);
	case TYPE_PIPE:
		return pipe_read(file->pipe, data, size);
	default:
		return fs_read(file->inode, &file->offset, data, size);
	}
}

int32_t file_write(struct file *file, const void *data, uint32_t size)
{
	if (!(file->flags & OPEN_WRITE))
		return ERROR_DESCRIPTOR;
	switch (file->type) {
	case TYPE_CONSOLE:
		console_write(data, size);
		return (int32_t)size;
	case TYPE_PIPE:
		return pipe_write(file->pipe, data, size);
	default:
		return fs_write(file->inode, &file->offset, data, size, file->flags & OPEN_APPEND);
	}
}

bool file_may_wait(const struct file *file)
{
	return file->inode == NULL;
}

int32_t file_seek(struct file *file, int32_t offset, uint32_t from)
{
	struct file_status status;
	uint32_t base;

	if (!file->inode || from > FROM_END)
		return ERROR_ARGUMENT;
	fs_status(file->inode, &status);
	base = from == FROM_START ? 0 : from == FROM_CURRENT ? file->offset : status.size;
	if (offset < -OFFSET_MAX || offset > OFFSET_MAX)
		return ERROR_ARGUMENT;
	offset += (int32_t)base;
	if (offset < 0 || offset > OFFSET_MAX)
		return ERROR_ARGUMENT;
	file->offset = (uint32_t)offset;
	return offset;
}

int32_t file_truncate(struct file *file, uint32_t size)
{
	if (!(file->flags & OPEN_WRITE))
		return ERROR_DESCRIPTOR;
	return file->inode ? fs_truncate(file->inode, size) : ERROR_ARGUMENT;
}

int32_t file_next_name(struct file *file, struct directory_name *name)
{
	if (!(file->flags & OPEN_READ))
		return ERROR_DESCRIPTOR;
	return file->inode ? fs_next_name(file->inode, &file->offset, name) : ERROR_NOT_DIRECTORY;
}

void file_status(struct file *file, struct file_status *status)
{
	if (file->inode)
		fs_status(file->inode, status);
	else
		*status = (struct file_status){.type = file->type};
}

/* ---- a task's descriptors ---- */

int32_t files_begin(struct files *files)
{
	static const uint32_t flags[] = {OPEN_READ, OPEN_WRITE, OPEN_WRITE};

	*files = (struct files){.directory = fs_share(fs_root())};
	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		files->file[i] = file_create(TYPE_CONSOLE, flags[i]);
		if (!files->file[i]) {
			files_close(files);
			return ERROR_MEMORY;
		}
	}
	return 0;
}

void files_share(struct files *to, const struct files *from)
{
	for (unsigned i = 0; i < FILES_MAX; i++)
		to->file[i] = from->file[i] ? file_share(from->file[i]) : NULL;
	to->directory = fs_share(from->directory);
}

void files_close(struct files *files)
{
	for (unsigned i = 0; i < FILES_MAX; i++)
		if (files->file[i])
			file_close(files->file[i]);
	fs_close(files->directory);
	*files = (struct files){0};
}

int32_t files_add(struct files *files, struct file *file)
{
	for (unsigned i = 0; i < FILES_MAX; i++) {
		if (files->file[i])
			continue;
		files->file[i] = file;
		return (int32_t)i;
	}
	return ERROR_TOO_MANY;
}

struct file *files_get(const struct files *files, uint32_t descriptor)
{
	return descriptor < FILES_MAX ? files->file[descriptor] : NULL;
}
