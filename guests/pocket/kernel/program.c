/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs as files on the disk: see program.h. The image has a share in the file, so removing a
 * program's name does not hurt those that run. */
#include "program.h"

#include "fs.h"
#include "task.h"

int32_t program_open(const char *path, struct image *image)
{
	struct inode *directory = task_current()->files.directory;
	struct file_status status;
	int32_t error = fs_open(directory, path, OPEN_READ, &image->file);

	if (error < 0)
		return error;
	fs_status(image->file, &status);
	image->file_size = status.size;
	return 0;
}

/* An error where the file turns out to be a directory. */
int32_t program_read(const struct image *image, uint32_t offset, void *buffer, uint32_t size)
{
	return fs_read(image->file, &offset, buffer, size);
}

void program_close(struct image *image)
{
	fs_close(image->file);
	image->file = NULL;
}
