/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file system's lock, its beginning and its end, and reading and writing: see fs.h.
 *
 * fs_begin() and fs_end() enclose every operation. What it changed is on its way to the disk, in
 * order, before the next one begins.
 */
#include "fs.h"

#include "console.h"
#include "fs_internal.h"
#include "lock.h"

static struct sleep_lock lock = {.lock.name = "file system"};
static struct inode *root; /* NULL: there is no file system */

void fs_begin(void)
{
	sleep_lock_acquire(&lock);
}

int32_t fs_end(int32_t result)
{
	int32_t error = cache_flush();

	sleep_lock_release(&lock);
	return error < 0 ? error : result;
}

/* ---- beginning and end ---- */

static bool disk_mount(unsigned disk)
{
	int32_t error;

	cache_init(disk);
	if (!space_init(disk_sectors(disk)))
		return false;
	root = inode_get(ROOT_INODE, &error);
	if (root && root->disk.type != INODE_DIRECTORY) {
		inode_put(root);
		root = NULL;
	}
	return root != NULL;
}

bool fs_mount(void)
{
	unsigned disk = 0;

	fs_begin();
	while (disk < DISKS_MAX && !(disk_sectors(disk) && disk_mount(disk)))
		disk++;
	fs_end(0);
	if (!root)
		return false;
	console_printf("disk: %s, a file system of %u KiB\n", disk_name(disk), super()->blocks);
	return true;
}

void fs_unmount(void)
{
	if (!root)
		return;
	fs_begin(); /* for ever */
	inodes_end();
	if (cache_sync() < 0)
		console_printf("disk: not everything could be written\n");
}

int32_t fs_sync(void)
{
	fs_begin();
	return fs_end(cache_sync());
}

/* ---- inodes ---- */

struct inode *fs_root(void)
{
	return root;
}

struct inode *fs_share(struct inode *inode)
{
	fs_begin();
	inode->shares++;
	fs_end(0);
	return inode;
}

void fs_close(struct inode *inode)
{
	if (!inode)
		return;
	fs_begin();
	inode_put(inode);
	fs_end(0);
}

int32_t fs_read(struct inode *inode, uint32_t *offset, void *data, uint32_t size)
{
	fs_begin();
	int32_t length = inode->disk.type == INODE_FILE ? inode_read(inode, *offset, data, size)
							: ERROR_IS_DIRECTORY;
	if (length > 0)
		*offset += (uint32_t)length;
	return fs_end(length);
}

int32_t fs_write(
	struct inode *inode, uint32_t *offset, const void *data, uint32_t size, bool append)
{
	fs_begin();
	if (append)
		*offset = inode->disk.size;
	int32_t length = inode->disk.type == INODE_FILE ? inode_write(inode, *offset, data, size)
							: ERROR_IS_DIRECTORY;
	if (length > 0)
		*offset += (uint32_t)length;
	return fs_end(length);
}

int32_t fs_truncate(struct inode *inode, uint32_t size)
{
	fs_begin();
	return fs_end(
		inode->disk.type == INODE_FILE ? inode_truncate(inode, size) : ERROR_IS_DIRECTORY);
}

void fs_status(struct inode *inode, struct file_status *status)
{
	fs_begin();
	*status = (struct file_status){
		.type = inode->disk.type,
		.inode = inode->number,
		.links = inode->disk.links,
		.size = inode->disk.size,
	};
	fs_end(0);
}
