/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking at an image: see image.h. Nothing that is read from it is believed to make sense, but for
 * the super block, which is checked at once. */
#include "image.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *image;
static uint32_t image_blocks;

void fail(const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "fsck: ");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n");
	exit(STATUS_UNREADABLE);
}

static void *block_data(uint32_t block)
{
	return image + (size_t)block * BLOCK_SIZE;
}

/* ---- the super block ---- */

const struct super_block *super(void)
{
	return block_data(SUPER_BLOCK_NUMBER);
}

static uint32_t blocks_for(uint32_t count, uint32_t per_block)
{
	return (count + per_block - 1) / per_block;
}

static bool super_is_good(const struct super_block *s)
{
	return s->blocks <= image_blocks && s->inodes > ROOT_INODE && s->inodes <= s->blocks &&
	       s->inode_bitmap == SUPER_BLOCK_NUMBER + 1 &&
	       s->block_bitmap == s->inode_bitmap + blocks_for(s->inodes, BITS_PER_BLOCK) &&
	       s->inode_table == s->block_bitmap + blocks_for(s->blocks, BITS_PER_BLOCK) &&
	       s->data == s->inode_table + blocks_for(s->inodes, INODES_PER_BLOCK) &&
	       s->data < s->blocks;
}

void image_read(const char *path)
{
	FILE *file = fopen(path, "rb");
	long size;

	if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 ||
		fseek(file, 0, SEEK_SET) != 0)
		fail("%s cannot be read", path);
	image_blocks = (uint32_t)((unsigned long)size / BLOCK_SIZE);
	image = calloc(image_blocks + 1, BLOCK_SIZE);
	if (!image || fread(image, BLOCK_SIZE, image_blocks, file) != image_blocks)
		fail("%s cannot be read", path);
	fclose(file);
	if (image_blocks <= SUPER_BLOCK_NUMBER || super()->magic != FS_MAGIC)
		fail("%s holds no file system of pocket's", path);
	if (!super_is_good(super()))
		fail("the super block of %s makes no sense", path);
}

void image_free(void)
{
	free(image);
}

static bool bit_is_set(uint32_t bitmap, uint32_t bit)
{
	return ((const uint8_t *)block_data(bitmap))[bit / 8] >> bit % 8 & 1;
}

bool inode_is_marked(uint32_t number)
{
	return bit_is_set(super()->inode_bitmap, number);
}

bool block_is_marked(uint32_t block)
{
	return bit_is_set(super()->block_bitmap, block);
}

/* ---- inodes ---- */

const struct disk_inode *inode_data(uint32_t number)
{
	return (const struct disk_inode *)block_data(super()->inode_table) + number;
}

bool inode_is_used(uint32_t number)
{
	return number > 0 && number < super()->inodes && inode_data(number)->type != INODE_FREE;
}

bool block_is_data(uint32_t block)
{
	return block >= super()->data && block < super()->blocks;
}

uint32_t inode_block(const struct disk_inode *inode, uint32_t index)
{
	if (index < DIRECT_BLOCKS)
		return inode->direct[index];
	if (index >= FILE_BLOCKS_MAX || !block_is_data(inode->indirect))
		return 0;
	return ((const uint32_t *)block_data(inode->indirect))[index - DIRECT_BLOCKS];
}

/* ---- directories ---- */

uint32_t entry_count(uint32_t directory)
{
	return inode_data(directory)->size / sizeof(struct directory_entry);
}

const struct directory_entry *entry_data(uint32_t directory, uint32_t index)
{
	uint32_t offset = index * (uint32_t)sizeof(struct directory_entry);
	uint32_t block = inode_block(inode_data(directory), offset / BLOCK_SIZE);

	if (!block_is_data(block))
		return NULL;
	return (const void *)((uint8_t *)block_data(block) + offset % BLOCK_SIZE);
}

uint32_t directory_find(uint32_t directory, const char *name, size_t length)
{
	for (uint32_t i = 0; i < entry_count(directory); i++) {
		const struct directory_entry *entry = entry_data(directory, i);
		if (entry && entry->inode && strnlen(entry->name, NAME_SIZE) == length &&
			memcmp(entry->name, name, length) == 0)
			return entry->inode;
	}
	return 0;
}

/* ---- files ---- */

static uint32_t path_find(const char *path)
{
	uint32_t number = ROOT_INODE;

	for (const char *name = path + strspn(path, "/"); *name;) {
		size_t length = strcspn(name, "/");
		if (inode_data(number)->type != INODE_DIRECTORY)
			return 0;
		number = directory_find(number, name, length);
		if (!inode_is_used(number))
			return 0;
		name += length;
		name += strspn(name, "/");
	}
	return number;
}

void file_extract(const char *path, FILE *output)
{
	static const uint8_t hole[BLOCK_SIZE];
	uint32_t number = path_find(path);

	if (number == 0 || inode_data(number)->type != INODE_FILE)
		fail("there is no file %s", path);
	const struct disk_inode *inode = inode_data(number);
	for (uint32_t at = 0; at < inode->size && at < FILE_SIZE_MAX; at += BLOCK_SIZE) {
		uint32_t block = inode_block(inode, at / BLOCK_SIZE);
		uint32_t length = inode->size - at < BLOCK_SIZE ? inode->size - at : BLOCK_SIZE;
		fwrite(block_is_data(block) ? block_data(block) : hole, 1, length, output);
	}
	if (fflush(output) != 0)
		fail("the content cannot be written");
}
