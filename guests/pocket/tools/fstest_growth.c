/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hardest case for the order of writes, which random operations hardly ever meet: the root gets
 * a second block when a name is added to it, while its inode lies in the same block as that of the
 * name. Once for a new file, once for one that has been elsewhere.
 */
#include "fs_format.h"
#include "fstest.h"

#include <stdio.h>

static void file_create(const char *path)
{
	struct inode *inode;

	expect("creation", path, fs_open(fs_root(), path, OPEN_WRITE | OPEN_CREATE, &inode), 0);
	fs_close(inode);
}

static void file_unlink(const char *path)
{
	expect("unlink", path, fs_unlink(fs_root(), path), 0);
}

/* As many names as fill the root's first block, with the three that it has. */
static void root_names_each(void (*function)(const char *path))
{
	char path[PATH_MAX];

	for (unsigned i = 3; i < BLOCK_SIZE / sizeof(struct directory_entry); i++) {
		snprintf(path, sizeof(path), "/%u", i);
		function(path);
	}
}

void growth_check(bool renames)
{
	expect("mkdir", "/x", fs_mkdir(fs_root(), "/x"), 0);
	file_create("/x/x");
	root_names_each(file_create);
	if (!renames)
		file_unlink("/x/x");
	after_write = crash_check;
	if (renames)
		expect("rename", "/x/x", fs_rename(fs_root(), "/x/x", "/new"), 0);
	else
		file_create("/new");
	after_write = NULL;
	file_unlink("/new");
	root_names_each(file_unlink);
	expect("rmdir", "/x", fs_rmdir(fs_root(), "/x"), 0);
}
