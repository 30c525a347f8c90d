/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls for names on the disk, and for the disk itself: see calls.h. */
#include "calls.h"

#include "fs.h"
#include "task.h"
#include "user_memory.h"

static struct inode *directory(void)
{
	return task_current()->files.directory;
}

/* An operation on one path. */
static int32_t path_call(int32_t (*operation)(struct inode *, const char *), uint32_t pointer)
{
	char path[PATH_MAX];
	int32_t error = user_string(pointer, path, sizeof(path));

	return error < 0 ? error : operation(directory(), path);
}

int32_t call_unlink(uint32_t pointer, uint32_t ecx, uint32_t edx)
{
	(void)ecx, (void)edx;
	return path_call(fs_unlink, pointer);
}

int32_t call_mkdir(uint32_t pointer, uint32_t ecx, uint32_t edx)
{
	(void)ecx, (void)edx;
	return path_call(fs_mkdir, pointer);
}

int32_t call_rmdir(uint32_t pointer, uint32_t ecx, uint32_t edx)
{
	(void)ecx, (void)edx;
	return path_call(fs_rmdir, pointer);
}

int32_t call_rename(uint32_t from_pointer, uint32_t to_pointer, uint32_t edx)
{
	char from[PATH_MAX], to[PATH_MAX];
	int32_t error = user_string(from_pointer, from, sizeof(from));

	(void)edx;
	if (error >= 0)
		error = user_string(to_pointer, to, sizeof(to));
	return error < 0 ? error : fs_rename(directory(), from, to);
}

int32_t call_chdir(uint32_t pointer, uint32_t ecx, uint32_t edx)
{
	char path[PATH_MAX];
	struct file_status status;
	struct inode *inode;
	int32_t error = user_string(pointer, path, sizeof(path));

	(void)ecx, (void)edx;
	if (error >= 0)
		error = fs_open(directory(), path, 0, &inode);
	if (error < 0)
		return error;
	fs_status(inode, &status);
	if (status.type != TYPE_DIRECTORY) {
		fs_close(inode);
		return ERROR_NOT_DIRECTORY;
	}
	fs_close(directory());
	task_current()->files.directory = inode;
	return 0;
}

int32_t call_sync(uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	(void)ebx, (void)ecx, (void)edx;
	return fs_sync();
}

int32_t call_space(uint32_t pointer, uint32_t ecx, uint32_t edx)
{
	struct disk_space space;
	int32_t error = fs_space(&space);

	(void)ecx, (void)edx;
	if (error < 0)
		return error;
	return user_write(pointer, &space, sizeof(space)) ? 0 : ERROR_POINTER;
}
