/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contents of files and directories: which blocks they are, reading, writing, cutting off.
 *
 * An inode has places for the numbers of its first blocks; those of the others are in one indirect
 * block.
 *
 * The order of changes, which is that of the writes (cache.h): the bitmap, a new block's content,
 * its number, and the inode with the new size. When blocks are freed: the inode that does not have
 * them any more, then the bitmap.
 */
#include "fs_internal.h"
#include "string.h"

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* ---- the numbers of the blocks ---- */

/* A number that was read from the disk is not believed. */
static bool is_data(uint32_t block)
{
	return block >= super()->data && block < super()->blocks;
}

/* The indirect block; NULL: there is none, or it cannot be read. */
static struct buffer *indirect_get(const struct inode *inode)
{
	return is_data(inode->disk.indirect) ? cache_get(inode->disk.indirect) : NULL;
}

/* Where block `index` of the content is: its number, 0 for a hole, or ERROR_DISK. */
static int32_t block_find(const struct inode *inode, uint32_t index)
{
	uint32_t block = 0;

	if (index < DIRECT_BLOCKS) {
		block = inode->disk.direct[index];
	} else if (inode->disk.indirect) {
		struct buffer *buffer = indirect_get(inode);
		if (!buffer)
			return ERROR_DISK;
		block = ((uint32_t *)buffer->data)[index - DIRECT_BLOCKS];
		cache_put(buffer);
	}
	return block == 0 || is_data(block) ? (int32_t)block : ERROR_DISK;
}

/* Makes room for the number of block `index`. */
static int32_t block_prepare(struct inode *inode, uint32_t index)
{
	if (index < DIRECT_BLOCKS || inode->disk.indirect)
		return 0;
	int32_t block = block_allocate();
	if (block < 0)
		return block;
	cache_put(cache_get_zeroed((uint32_t)block));
	inode->disk.indirect = (uint32_t)block;
	return 0; /* inode_update() will follow */
}

/* After block_prepare(). */
static int32_t block_set(struct inode *inode, uint32_t index, uint32_t block)
{
	if (index < DIRECT_BLOCKS) {
		inode->disk.direct[index] = block;
		return 0; /* inode_update() will follow */
	}
	struct buffer *buffer = indirect_get(inode);
	if (!buffer)
		return ERROR_DISK;
	((uint32_t *)buffer->data)[index - DIRECT_BLOCKS] = block;
	cache_change(buffer);
	cache_put(buffer);
	return 0;
}

/* ---- contents ---- */

/* The bytes from `offset` on, up to the end of their block or `size`. */
static uint32_t piece(uint32_t offset, uint32_t size)
{
	return smaller(BLOCK_SIZE - offset % BLOCK_SIZE, size);
}

static int32_t piece_read(struct inode *inode, uint32_t offset, uint8_t *data, uint32_t size)
{
	int32_t block = block_find(inode, offset / BLOCK_SIZE);

	if (block <= 0) {
		memset(data, 0, size);
		return block;
	}
	struct buffer *buffer = cache_get((uint32_t)block);
	if (!buffer)
		return ERROR_DISK;
	memcpy(data, buffer->data + offset % BLOCK_SIZE, size);
	cache_put(buffer);
	return 0;
}

int32_t inode_read(struct inode *inode, uint32_t offset, void *data, uint32_t size)
{
	if (offset >= inode->disk.size)
		return 0;
	size = smaller(size, inode->disk.size - offset);
	for (uint32_t done = 0; done < size;) {
		uint32_t length = piece(offset + done, size - done);
		int32_t error = piece_read(inode, offset + done, (uint8_t *)data + done, length);
		if (error < 0)
			return error;
		done += length;
	}
	return (int32_t)size;
}

/* Fills a hole. */
static int32_t piece_write_new(
	struct inode *inode, uint32_t offset, const uint8_t *data, uint32_t size)
{
	int32_t error = block_prepare(inode, offset / BLOCK_SIZE);

	if (error < 0)
		return error;
	int32_t block = block_allocate();
	if (block < 0)
		return block;
	struct buffer *buffer = cache_get_zeroed((uint32_t)block);
	memcpy(buffer->data + offset % BLOCK_SIZE, data, size);
	cache_put(buffer);
	return block_set(inode, offset / BLOCK_SIZE, (uint32_t)block);
}

static int32_t piece_write(struct inode *inode, uint32_t offset, const uint8_t *data, uint32_t size)
{
	int32_t block = block_find(inode, offset / BLOCK_SIZE);

	if (block < 0)
		return block;
	if (block == 0)
		return piece_write_new(inode, offset, data, size);
	struct buffer *buffer =
		size == BLOCK_SIZE ? cache_get_zeroed((uint32_t)block) : cache_get((uint32_t)block);
	if (!buffer)
		return ERROR_DISK;
	memcpy(buffer->data + offset % BLOCK_SIZE, data, size);
	cache_change(buffer);
	cache_put(buffer);
	return 0;
}

int32_t inode_write(struct inode *inode, uint32_t offset, const void *data, uint32_t size)
{
	struct disk_inode before = inode->disk;
	uint32_t done = 0;
	int32_t error = 0;

	if (size > 0 && offset >= FILE_SIZE_MAX)
		return ERROR_TOO_LARGE;
	size = smaller(size, FILE_SIZE_MAX - offset);
	while (done < size && error == 0) {
		uint32_t length = piece(offset + done, size - done);
		error = piece_write(inode, offset + done, (const uint8_t *)data + done, length);
		if (error == 0)
			done += length;
	}
	if (done > 0 && offset + done > inode->disk.size)
		inode->disk.size = offset + done;
	if (memcmp(&before, &inode->disk, sizeof(before)) != 0 && inode_update(inode) < 0)
		return ERROR_DISK;
	return done > 0 ? (int32_t)done : error;
}

/* The rest of the last block is zero: the file may grow again. */
static int32_t tail_clear(struct inode *inode, uint32_t size)
{
	int32_t block = size % BLOCK_SIZE ? block_find(inode, size / BLOCK_SIZE) : 0;

	if (block <= 0)
		return block;
	struct buffer *buffer = cache_get((uint32_t)block);
	if (!buffer)
		return ERROR_DISK;
	memset(buffer->data + size % BLOCK_SIZE, 0, BLOCK_SIZE - size % BLOCK_SIZE);
	cache_change(buffer);
	cache_put(buffer);
	return 0;
}

/* Takes the content's blocks from `index` on, and the indirect block when nothing is left in it.
 * A block that cannot be read, or a number that cannot be, is left alone. */
static void blocks_free(struct inode *inode, uint32_t index)
{
	bool keep_indirect = index > DIRECT_BLOCKS;

	for (; index < FILE_BLOCKS_MAX; index++) {
		if (index >= DIRECT_BLOCKS && !inode->disk.indirect)
			break;
		int32_t block = block_find(inode, index);
		if (block <= 0 || block_set(inode, index, 0) < 0)
			continue;
		block_free((uint32_t)block);
	}
	if (!keep_indirect && is_data(inode->disk.indirect))
		block_free(inode->disk.indirect);
	if (!keep_indirect)
		inode->disk.indirect = 0;
}

int32_t inode_truncate(struct inode *inode, uint32_t size)
{
	bool shrinks = size < inode->disk.size || size == 0;

	if (size > FILE_SIZE_MAX)
		return ERROR_TOO_LARGE;
	if (size == inode->disk.size && size > 0)
		return 0;
	inode->disk.size = size;
	/* This sets the inode's place in the order of writes: before the bitmap. What it holds at
	 * that time is what it is given at the end. */
	int32_t error = inode_update(inode);
	if (error < 0 || !shrinks)
		return error;
	error = tail_clear(inode, size);
	blocks_free(inode, (size + BLOCK_SIZE - 1) / BLOCK_SIZE);
	int32_t update_error = inode_update(inode);
	return error < 0 ? error : update_error;
}
