/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a path to an inode, name by name. "." and ".." are names like others, which each directory
 * has; the root's ".." is the root.
 */
#include "fs_internal.h"
#include "string.h"

/* Copies the path's first name, and returns what is behind it; NULL: the name is too long. At the
 * end the name is empty. */
static const char *name_take(const char *path, char name[NAME_SIZE])
{
	while (*path == '/')
		path++;
	uint32_t length = string_span(path, '/');
	if (length >= NAME_SIZE)
		return NULL;
	memcpy(name, path, length);
	name[length] = '\0';
	path += length;
	while (*path == '/')
		path++;
	return path;
}

/* One step down. The share in `directory` becomes one in what is found, or is given back. */
static struct inode *step(struct inode *directory, const char *name, int32_t *error)
{
	struct inode *next = NULL;
	uint32_t offset;
	int32_t number = directory->disk.type == INODE_DIRECTORY
				 ? directory_find(directory, name, &offset)
				 : ERROR_NOT_DIRECTORY;

	*error = number;
	if (number > 0)
		next = inode_get((uint32_t)number, error);
	inode_put(directory);
	return next;
}

/* Goes down to the end, or to the directory of the last name, which is left in `name`. */
static struct inode *walk(struct inode *directory, const char *path, bool to_parent,
	char name[NAME_SIZE], int32_t *error)
{
	struct inode *inode = *path == '/' ? fs_root() : directory;

	*error = ERROR_NO_FILE;
	if (*path == '\0')
		return NULL;
	inode->shares++;
	for (;;) {
		path = name_take(path, name);
		if (!path) {
			inode_put(inode);
			*error = ERROR_TOO_LONG;
			return NULL;
		}
		if (*name == '\0' || (to_parent && *path == '\0'))
			return inode;
		inode = step(inode, name, error);
		if (!inode)
			return NULL;
	}
}

struct inode *path_find(struct inode *directory, const char *path, int32_t *error)
{
	char name[NAME_SIZE];

	return walk(directory, path, false, name, error);
}

struct inode *path_parent(
	struct inode *directory, const char *path, char name[NAME_SIZE], int32_t *error)
{
	struct inode *parent = walk(directory, path, true, name, error);

	if (!parent)
		return NULL;
	if (*name == '\0')
		*error = ERROR_EXISTS; /* the root */
	else if (parent->disk.type != INODE_DIRECTORY)
		*error = ERROR_NOT_DIRECTORY;
	else if (parent->disk.links == 0)
		*error = ERROR_NO_FILE; /* it was removed, though someone is still in it */
	else
		return parent;
	inode_put(parent);
	return NULL;
}
