/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the kernel's own file system (kernel/fs*.c, kernel/cache.c) on this machine, over a disk in
 * memory:
 *
 *   fstest IMAGE FSCK SEED OPERATIONS
 *
 * Random operations are done to the file system and to a model of it, and must give the same. Every
 * write to the disk is a moment at which the power could fail: the disk of that moment must have no
 * damage, and all files that the operation was not about. fsck judges.
 */
#include "fstest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRITE_MAX 6000u
#define HOLE_MAX  3000u

/* Few names, so that they meet. */
static void path_choose(char path[PATH_MAX])
{
	static const char *const folders[] = {"", "", "/a", "/b", "/a/c"};

	snprintf(path, PATH_MAX, "%s/%c", folders[rand() % 5], "abcdefghij"[rand() % 10]);
}

static bool parent_is_there(const char *path)
{
	char parent[PATH_MAX];

	strcpy(parent, path);
	*strrchr(parent, '/') = '\0';
	const struct node *node = node_find(parent);
	return *parent == '\0' || (node && node->directory);
}

/* Opens the file, and makes it where it is not there. NULL: there is no room, or no directory for
 * it. */
static struct node *open_or_create(const char *path, uint32_t flags, struct inode **inode)
{
	struct node *node = node_find(path);

	touched[0] = node;
	int32_t result = fs_open(fs_root(), path, OPEN_WRITE | OPEN_CREATE | flags, inode);
	if (!node && result == ERROR_DISK_FULL)
		return NULL;
	if (!node && !parent_is_there(path)) {
		if (result >= 0)
			fail("%s was made in no directory", path);
		return NULL;
	}
	expect("open", path, result, 0);
	if (!node) {
		node = node_unused();
		*node = (struct node){.used = true};
		strcpy(node->path, path);
	}
	touched[0] = node;
	if (flags & OPEN_TRUNCATE)
		node->size = 0;
	return node;
}

/* The model's part of a write of which `count` bytes were done. */
static void node_write(struct node *node, uint32_t offset, const uint8_t *bytes, uint32_t count)
{
	if (count == 0)
		return;
	if (offset > node->size)
		memset(node->data + node->size, 0, offset - node->size);
	memcpy(node->data + offset, bytes, count);
	if (offset + count > node->size)
		node->size = offset + count;
}

static void file_write(const char *path)
{
	uint8_t bytes[WRITE_MAX];
	struct node *node = node_find(path);
	uint32_t size = (uint32_t)rand() % WRITE_MAX;
	struct inode *inode;

	if (node && node->directory)
		return;
	node = open_or_create(path, rand() % 4 == 0 ? OPEN_TRUNCATE : 0, &inode);
	if (!node)
		return;
	bool append = rand() % 2 && node->size + size <= DATA_MAX;
	uint32_t offset = append ? node->size : (uint32_t)rand() % (node->size + HOLE_MAX);
	if (offset + size > DATA_MAX)
		offset = 0;
	for (uint32_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)rand();
	uint32_t moved = append ? 0 : offset;
	int32_t result = fs_write(inode, &moved, bytes, size, append);
	if (result != ERROR_DISK_FULL) {
		if (result < 0 || (uint32_t)result > size || (size > 0 && result == 0))
			fail("a write of %u bytes to %s gives %d", size, path, result);
		node_write(node, offset, bytes, (uint32_t)result);
	}
	fs_close(inode);
}

static void file_truncate(const char *path)
{
	struct node *node = node_find(path);
	struct inode *inode;

	if (!node || node->directory)
		return;
	touched[0] = node;
	uint32_t size = (uint32_t)rand() % (node->size + 2000);
	if (size > DATA_MAX)
		size = DATA_MAX;
	expect("open", path, fs_open(fs_root(), path, OPEN_WRITE, &inode), 0);
	expect("truncation", path, fs_truncate(inode, size), 0);
	if (size > node->size)
		memset(node->data + node->size, 0, size - node->size);
	node->size = size;
	fs_close(inode);
}

/* NULL: it is not open. */
static void open_read(const struct node *node, struct inode *inode)
{
	static uint8_t bytes[DATA_MAX];
	uint32_t offset = 0;

	if (!inode)
		return;
	expect("read", node->path, fs_read(inode, &offset, bytes, DATA_MAX), (int32_t)node->size);
	if (memcmp(bytes, node->data, node->size) != 0)
		fail("%s has another content", node->path);
}

static void file_read(const char *path)
{
	struct node *node = node_find(path);
	struct inode *inode;
	int32_t result = fs_open(fs_root(), path, OPEN_READ, &inode);

	if (!node) {
		if (result == 0)
			fail("%s is there", path);
		return;
	}
	expect("open", path, result, 0);
	if (!node->directory)
		open_read(node, inode);
	fs_close(inode);
}

/* Sometimes while it is open. */
static void node_remove(const char *path)
{
	struct node *node = node_find(path);
	struct inode *inode = NULL;

	touched[0] = node;
	if (!node) {
		if (fs_unlink(fs_root(), path) >= 0)
			fail("%s was removed, but was not there", path);
		return;
	}
	if (rand() % 2)
		expect("open", path, fs_open(fs_root(), path, OPEN_READ, &inode), 0);
	expect("unlink", path, fs_unlink(fs_root(), path),
		node->directory ? ERROR_IS_DIRECTORY : 0);
	if (node->directory) {
		bool full = node_has_names(node);
		expect("rmdir", path, fs_rmdir(fs_root(), path), full ? ERROR_NOT_EMPTY : 0);
		node->used = full;
	} else {
		node->used = false;
		open_read(node, inode);
	}
	fs_close(inode);
}

static void directory_make(const char *path)
{
	struct node *node = node_find(path);
	int32_t result = fs_mkdir(fs_root(), path);

	if (result == ERROR_DISK_FULL)
		return;
	if (node || !parent_is_there(path)) {
		if (result >= 0)
			fail("mkdir of %s succeeded", path);
		return;
	}
	expect("mkdir", path, result, 0);
	node = node_unused();
	*node = (struct node){.used = true, .directory = true};
	strcpy(node->path, path);
}

static void file_rename(const char *path)
{
	char to_path[PATH_MAX];
	struct node *from = node_find(path), *to;

	path_choose(to_path);
	to = node_find(to_path);
	touched[0] = from;
	touched[1] = to;
	if (from && from->directory)
		return;
	int32_t result = fs_rename(fs_root(), path, to_path);
	if (result == ERROR_DISK_FULL)
		return;
	if (!from || !parent_is_there(to_path) || (to && to->directory)) {
		if (result >= 0)
			fail("rename of %s to %s succeeded", path, to_path);
		return;
	}
	expect("rename", path, result, 0);
	if (to && to != from)
		to->used = false;
	strcpy(from->path, to_path);
}

int main(int argc, char **argv)
{
	static void (*const operations[])(const char *) = {file_write, file_write, file_write,
		file_truncate, file_read, node_remove, directory_make, file_rename};

	if (argc != 5) {
		fprintf(stderr, "usage: fstest IMAGE FSCK SEED OPERATIONS\n");
		return 2;
	}
	disk_load(argv[1]);
	fsck_path = argv[2];
	srand((unsigned)atoi(argv[3]));
	if (!fs_mount())
		fail("there is no file system");
	growth_check(atoi(argv[3]) % 2);
	after_write = crash_check;
	for (operation = 1; operation <= (unsigned)atoi(argv[4]); operation++) {
		char path[PATH_MAX];
		path_choose(path);
		touched[0] = touched[1] = NULL;
		operations[rand() % 8](path);
	}
	after_write = NULL;
	for (struct node *node = nodes; node < nodes + NODES; node++)
		if (node->used)
			file_read(node->path);
	fs_unmount();
	if (fsck_run("") != 0)
		fail("the file system is not whole at the end");
	for (struct node *node = nodes; node < nodes + NODES; node++)
		if (node->used && !node->directory)
			content_check(node);
	printf("fstest: %s operations, no damage\n", argv[4]);
	free(disk);
	return 0;
}
