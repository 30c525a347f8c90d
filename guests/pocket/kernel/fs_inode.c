/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inodes: files and directories without their names. Their contents are in fs_content.c.
 *
 * Each inode that is in use is once in the table, so all who use it see the same. It stays there
 * while anyone has a share in it.
 */
#include "fs_internal.h"

#define INODES_IN_USE 64u

static struct inode table[INODES_IN_USE];

/* The block of the inode table with this inode, and the inode in it. */
static struct buffer *disk_inode_get(uint32_t number, struct disk_inode **disk)
{
	struct buffer *buffer = cache_get(super()->inode_table + number / INODES_PER_BLOCK);

	if (buffer)
		*disk = (struct disk_inode *)buffer->data + number % INODES_PER_BLOCK;
	return buffer;
}

int32_t inode_update(struct inode *inode)
{
	struct disk_inode *disk;
	struct buffer *buffer = disk_inode_get(inode->number, &disk);

	if (!buffer)
		return ERROR_DISK;
	*disk = inode->disk;
	cache_change(buffer);
	cache_put(buffer);
	return 0;
}

/* The inode's place in the table, or a free one, or NULL. */
static struct inode *table_find(uint32_t number)
{
	struct inode *free = NULL;

	for (struct inode *inode = table; inode < table + INODES_IN_USE; inode++) {
		if (inode->shares > 0 && inode->number == number)
			return inode;
		if (inode->shares == 0 && !free)
			free = inode;
	}
	return free;
}

static bool disk_inode_is_good(const struct disk_inode *disk)
{
	return (disk->type == INODE_FILE || disk->type == INODE_DIRECTORY) &&
	       disk->size <= FILE_SIZE_MAX;
}

struct inode *inode_get(uint32_t number, int32_t *error)
{
	struct inode *inode = table_find(number);
	struct disk_inode *disk;

	*error = inode ? ERROR_DISK : ERROR_TOO_MANY;
	if (!inode || number == 0 || number >= super()->inodes)
		return NULL;
	if (inode->shares == 0) {
		struct buffer *buffer = disk_inode_get(number, &disk);
		if (!buffer)
			return NULL;
		inode->number = number;
		inode->disk = *disk;
		cache_put(buffer);
		if (!disk_inode_is_good(&inode->disk))
			return NULL;
	}
	inode->shares++;
	return inode;
}

struct inode *inode_create(enum inode_type type, int32_t *error)
{
	int32_t number = inode_number_allocate();

	*error = number;
	if (number < 0)
		return NULL;
	struct inode *inode = table_find((uint32_t)number);
	if (!inode) {
		*error = ERROR_TOO_MANY;
		inode_number_free((uint32_t)number);
		return NULL;
	}
	*inode = (struct inode){.number = (uint32_t)number, .shares = 1};
	inode->disk.type = (uint16_t)type;
	return inode;
}

static void inode_end(struct inode *inode)
{
	inode_truncate(inode, 0);
	inode->disk.type = INODE_FREE;
	inode_update(inode);
	inode_number_free(inode->number);
}

void inode_put(struct inode *inode)
{
	if (inode->shares == 1 && inode->disk.links == 0)
		inode_end(inode);
	inode->shares--;
}

void inodes_end(void)
{
	for (struct inode *inode = table; inode < table + INODES_IN_USE; inode++)
		if (inode->shares > 0 && inode->disk.links == 0)
			inode_end(inode);
}
