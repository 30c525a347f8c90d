/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Another name for a file or a directory.
 *
 * The file has both names for a moment, and that is written before the old one goes. So a crash can
 * leave two names, but never none.
 */
#include "fs_internal.h"
#include "string.h"

/* A name in a directory, and what it names. */
struct place {
	struct inode *parent;
	char name[NAME_SIZE];
	uint32_t offset;     /* of the entry */
	struct inode *inode; /* NULL: the name is free */
};

static void place_put(struct place *place)
{
	if (place->inode)
		inode_put(place->inode);
	if (place->parent)
		inode_put(place->parent);
}

static int32_t place_find(struct place *place, struct inode *directory, const char *path)
{
	int32_t error;

	*place = (struct place){0};
	place->parent = path_parent(directory, path, place->name, &error);
	if (!place->parent)
		return error;
	if (strcmp(place->name, ".") == 0 || strcmp(place->name, "..") == 0)
		return ERROR_ARGUMENT;
	int32_t number = directory_find(place->parent, place->name, &place->offset);
	if (number == ERROR_NO_FILE)
		return 0;
	if (number < 0)
		return number;
	place->inode = inode_get((uint32_t)number, &error);
	return place->inode ? 0 : error;
}

static int32_t rename_check(const struct place *from, const struct place *to)
{
	if (!from->inode)
		return ERROR_NO_FILE;
	if (from->inode->disk.type == INODE_DIRECTORY && from->parent != to->parent)
		return ERROR_IS_DIRECTORY; /* its ".." would have to follow */
	if (to->inode && (to->inode->disk.type == INODE_DIRECTORY ||
				 from->inode->disk.type == INODE_DIRECTORY))
		return ERROR_EXISTS;
	return 0;
}

static int32_t rename_do(struct place *from, struct place *to)
{
	from->inode->disk.links++;
	int32_t error = inode_update(from->inode);
	cache_flush();
	if (error == 0 && to->inode)
		error = directory_set(to->parent, to->offset, from->inode->number);
	else if (error == 0)
		error = directory_add(to->parent, to->name, from->inode->number);
	if (error < 0) {
		from->inode->disk.links--;
		inode_update(from->inode);
		return error;
	}
	cache_flush();
	error = directory_set(from->parent, from->offset, 0);
	if (error == 0) {
		from->inode->disk.links--;
		error = inode_update(from->inode);
	}
	if (error == 0 && to->inode) {
		to->inode->disk.links--;
		error = inode_update(to->inode);
	}
	return error;
}

int32_t fs_rename(struct inode *directory, const char *from_path, const char *to_path)
{
	struct place from, to = {0};

	fs_begin();
	int32_t error = place_find(&from, directory, from_path);
	if (error == 0)
		error = place_find(&to, directory, to_path);
	bool same = from.inode && from.inode == to.inode;
	if (error == 0 && !same)
		error = rename_check(&from, &to);
	if (error == 0 && !same)
		error = rename_do(&from, &to);
	place_put(&from);
	place_put(&to);
	return fs_end(error);
}
