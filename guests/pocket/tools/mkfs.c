/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes an image of pocket's file system (shared/fs_format.h) from the files in a folder:
 *
 *   mkfs IMAGE KIB FOLDER
 *
 * Names are taken in the order of their bytes, so the same files give the same image. The image is
 * put together in memory and written at the end.
 */
#include "fs_format.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BLOCKS_PER_INODE 4u
#define KIB_MAX          65536u
#define HOST_PATH_MAX    4096

static uint8_t *image;
static struct super_block super;
static uint32_t next_inode = ROOT_INODE, next_block;

__attribute__((format(printf, 1, 2))) _Noreturn static void fail(const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "mkfs: ");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n");
	exit(1);
}

/* ---- blocks and inodes, taken in their order ---- */

static void *block_data(uint32_t block)
{
	return image + (size_t)block * BLOCK_SIZE;
}

static struct disk_inode *inode_data(uint32_t number)
{
	return (struct disk_inode *)block_data(super.inode_table) + number;
}

static void bit_set(uint32_t bitmap, uint32_t bit)
{
	((uint8_t *)block_data(bitmap))[bit / 8] |= (uint8_t)(1u << bit % 8);
}

static uint32_t block_take(void)
{
	if (next_block == super.blocks)
		fail("the files do not fit in %u KiB", super.blocks);
	bit_set(super.block_bitmap, next_block);
	return next_block++;
}

static uint32_t inode_take(enum inode_type type)
{
	if (next_inode == super.inodes)
		fail("there are more than %u files", super.inodes - 1);
	bit_set(super.inode_bitmap, next_inode);
	inode_data(next_inode)->type = (uint16_t)type;
	return next_inode++;
}

static uint32_t blocks_for(uint32_t count, uint32_t per_block)
{
	return (count + per_block - 1) / per_block;
}

static void super_make(uint32_t blocks)
{
	super.magic = FS_MAGIC;
	super.blocks = blocks;
	super.inodes = blocks / BLOCKS_PER_INODE;
	super.inode_bitmap = SUPER_BLOCK_NUMBER + 1;
	super.block_bitmap = super.inode_bitmap + blocks_for(super.inodes, BITS_PER_BLOCK);
	super.inode_table = super.block_bitmap + blocks_for(blocks, BITS_PER_BLOCK);
	super.data = super.inode_table + blocks_for(super.inodes, INODES_PER_BLOCK);
	memcpy(block_data(SUPER_BLOCK_NUMBER), &super, sizeof(super));
	bit_set(super.inode_bitmap, 0);
	while (next_block < super.data)
		bit_set(super.block_bitmap, next_block++);
}

/* ---- contents ---- */

/* The place where the inode keeps the number of a new block at its end. */
static uint32_t *block_place(struct disk_inode *inode)
{
	uint32_t index = inode->size / BLOCK_SIZE;

	if (index < DIRECT_BLOCKS)
		return &inode->direct[index];
	if (inode->indirect == 0)
		inode->indirect = block_take();
	return (uint32_t *)block_data(inode->indirect) + (index - DIRECT_BLOCKS);
}

static void inode_append(struct disk_inode *inode, const void *data, uint32_t size)
{
	const uint8_t *bytes = data;

	while (size > 0) {
		uint32_t start = inode->size % BLOCK_SIZE, length = BLOCK_SIZE - start;
		if (start == 0 && inode->size == FILE_SIZE_MAX)
			fail("a file is larger than %zu bytes", (size_t)FILE_SIZE_MAX);
		uint32_t *place = block_place(inode);
		if (start == 0)
			*place = block_take();
		if (length > size)
			length = size;
		memcpy((uint8_t *)block_data(*place) + start, bytes, length);
		inode->size += length;
		bytes += length;
		size -= length;
	}
}

static void entry_append(uint32_t directory, const char *name, uint32_t number)
{
	struct directory_entry entry = {.inode = number};

	if (strlen(name) >= NAME_SIZE)
		fail("the name %s is longer than %u characters", name, NAME_SIZE - 1);
	memcpy(entry.name, name, strlen(name));
	inode_append(inode_data(directory), &entry, sizeof(entry));
	inode_data(number)->links++;
}

static uint32_t file_add(const char *path)
{
	uint32_t number = inode_take(INODE_FILE);
	uint8_t bytes[BLOCK_SIZE];
	FILE *file = fopen(path, "rb");
	size_t length;

	if (!file)
		fail("%s cannot be read", path);
	while ((length = fread(bytes, 1, sizeof(bytes), file)) > 0)
		inode_append(inode_data(number), bytes, (uint32_t)length);
	if (ferror(file))
		fail("%s cannot be read", path);
	fclose(file);
	return number;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_not_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* `parent` 0: it is the root, its own parent. */
static uint32_t folder_add(const char *path, uint32_t parent)
{
	uint32_t number = inode_take(INODE_DIRECTORY);
	struct dirent **names;
	int count = scandir(path, &names, is_not_dots, by_name);

	if (count < 0)
		fail("%s is no folder that can be read", path);
	entry_append(number, ".", number);
	entry_append(number, "..", parent ? parent : number);
	for (int i = 0; i < count; i++) {
		char inner[HOST_PATH_MAX];
		struct stat status;
		if (snprintf(inner, sizeof(inner), "%s/%s", path, names[i]->d_name) >=
				HOST_PATH_MAX ||
			stat(inner, &status) != 0)
			fail("%s/%s cannot be read", path, names[i]->d_name);
		uint32_t child =
			S_ISDIR(status.st_mode) ? folder_add(inner, number) : file_add(inner);
		entry_append(number, names[i]->d_name, child);
		free(names[i]);
	}
	free(names);
	return number;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: mkfs IMAGE KIB FOLDER\n");
		return 2;
	}
	unsigned long kib = strtoul(argv[2], NULL, 10);
	if (kib < 32 || kib > KIB_MAX)
		fail("%s: the size is 32 to %u KiB", argv[2], KIB_MAX);
	image = calloc(kib, BLOCK_SIZE);
	if (!image)
		fail("there is no memory");
	super_make((uint32_t)kib);
	folder_add(argv[3], 0);

	FILE *file = fopen(argv[1], "wb");
	if (!file || fwrite(image, BLOCK_SIZE, kib, file) != kib || fclose(file) != 0)
		fail("%s cannot be written", argv[1]);
	printf("%u of %u KiB and %u of %u files used\n", next_block, super.blocks, next_inode,
		super.inodes);
	free(image);
	return 0;
}
