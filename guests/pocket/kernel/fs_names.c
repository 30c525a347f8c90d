/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Giving names and taking them away: what changes directories.
 *
 * Each operation checks everything first. Then it changes blocks in an order that a crash may cut
 * off anywhere: an inode is complete before a name leads to it, and has no name any more before it
 * is freed.
 */
#include "fs_internal.h"
#include "string.h"

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* ---- a new file or directory; `parent` has no such name yet ---- */

static int32_t links_add(struct inode *inode, int32_t count)
{
	inode->disk.links = (uint16_t)(inode->disk.links + count);
	return inode_update(inode);
}

static int32_t directory_fill(struct inode *directory, struct inode *parent)
{
	int32_t error = directory_add(directory, ".", directory->number);

	return error < 0 ? error : directory_add(directory, "..", parent->number);
}

/* The inode is on the disk before its name is written. */
static int32_t node_name(struct inode *parent, const char *name, struct inode *inode)
{
	bool is_directory = inode->disk.type == INODE_DIRECTORY;
	int32_t error = is_directory ? directory_fill(inode, parent) : 0;

	if (error == 0)
		error = links_add(inode, is_directory ? 2 : 1); /* "." is one */
	if (error == 0 && is_directory)
		error = links_add(parent, 1); /* its ".." */
	if (error < 0)
		return error;
	cache_flush();
	error = directory_add(parent, name, inode->number);
	if (error < 0 && is_directory)
		links_add(parent, -1);
	return error;
}

static struct inode *node_create(
	struct inode *parent, const char *name, enum inode_type type, int32_t *error)
{
	struct inode *inode = inode_create(type, error);

	if (!inode)
		return NULL;
	*error = node_name(parent, name, inode);
	if (*error == 0)
		return inode;
	inode->disk.links = 0;
	inode_put(inode);
	return NULL;
}

/* ---- operations ---- */

/* A name that is there, or a new file. */
static struct inode *open_or_create(
	struct inode *directory, const char *path, uint32_t flags, int32_t *error)
{
	struct inode *inode = path_find(directory, path, error);
	char name[NAME_SIZE];

	if (inode || *error != ERROR_NO_FILE || !(flags & OPEN_CREATE))
		return inode;
	struct inode *parent = path_parent(directory, path, name, error);
	if (!parent)
		return NULL;
	if (is_dots(name) || path[strlen(path) - 1] == '/')
		*error = ERROR_NO_FILE;
	else
		inode = node_create(parent, name, INODE_FILE, error);
	inode_put(parent);
	return inode;
}

int32_t fs_open(struct inode *directory, const char *path, uint32_t flags, struct inode **inode)
{
	int32_t error;

	fs_begin();
	*inode = open_or_create(directory, path, flags, &error);
	if (!*inode)
		return fs_end(error);
	error = 0;
	if ((flags & (OPEN_WRITE | OPEN_CREATE | OPEN_TRUNCATE)) &&
		(*inode)->disk.type == INODE_DIRECTORY)
		error = ERROR_IS_DIRECTORY;
	else if (flags & OPEN_TRUNCATE)
		error = inode_truncate(*inode, 0);
	if (error < 0)
		inode_put(*inode);
	int32_t result = fs_end(error);
	if (error == 0 && result < 0)
		fs_close(*inode);
	return result;
}

int32_t fs_mkdir(struct inode *directory, const char *path)
{
	char name[NAME_SIZE];
	int32_t error;

	fs_begin();
	struct inode *parent = path_parent(directory, path, name, &error);
	if (!parent)
		return fs_end(error);
	uint32_t offset;
	error = directory_find(parent, name, &offset);
	struct inode *inode = NULL;
	if (error == ERROR_NO_FILE)
		inode = node_create(parent, name, INODE_DIRECTORY, &error);
	else if (error > 0)
		error = ERROR_EXISTS;
	if (inode)
		inode_put(inode);
	inode_put(parent);
	return fs_end(error);
}

/* Takes the name away, and with it the inode if that was its last one. */
static int32_t name_remove(struct inode *parent, uint32_t offset, struct inode *inode)
{
	bool is_directory = inode->disk.type == INODE_DIRECTORY;
	int32_t error = directory_set(parent, offset, 0);

	if (error == 0 && is_directory)
		error = links_add(parent, -1);
	if (error == 0)
		error = links_add(inode, is_directory ? -2 : -1);
	return error;
}

/* An empty directory keeps "." and "..": they go with its content. */
static int32_t node_remove(struct inode *directory, const char *path, enum inode_type type)
{
	char name[NAME_SIZE];
	uint32_t offset;
	int32_t error;

	struct inode *parent = path_parent(directory, path, name, &error);
	if (!parent)
		return error == ERROR_EXISTS ? ERROR_ARGUMENT : error;
	struct inode *inode = NULL;
	error = is_dots(name) ? ERROR_ARGUMENT : directory_find(parent, name, &offset);
	if (error > 0)
		inode = inode_get((uint32_t)error, &error);
	if (inode) {
		bool is_directory = inode->disk.type == INODE_DIRECTORY;
		int32_t empty = is_directory ? directory_is_empty(inode) : 1;
		if (type == INODE_FILE && is_directory)
			error = ERROR_IS_DIRECTORY;
		else if (type == INODE_DIRECTORY && !is_directory)
			error = ERROR_NOT_DIRECTORY;
		else if (empty <= 0)
			error = empty < 0 ? empty : ERROR_NOT_EMPTY;
		else
			error = name_remove(parent, offset, inode);
		inode_put(inode);
	}
	inode_put(parent);
	return error;
}

int32_t fs_unlink(struct inode *directory, const char *path)
{
	fs_begin();
	return fs_end(node_remove(directory, path, INODE_FILE));
}

int32_t fs_rmdir(struct inode *directory, const char *path)
{
	fs_begin();
	return fs_end(node_remove(directory, path, INODE_DIRECTORY));
}
