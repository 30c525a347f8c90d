/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks an image of pocket's file system (shared/fs_format.h), or takes a file out of it:
 *
 *   fsck IMAGE          prints what is wrong
 *   fsck IMAGE PATH     writes that file's content to the standard output
 *
 * Exit status 0: all is well. 1: space is lost, as a crash may leave it, but no file is harmed.
 * 2: the file system is damaged. 3: it cannot be checked at all.
 *
 * Each rule of the format is checked once, in this order: the super block, each inode with its
 * blocks, the tree of directories from the root, and last the two bitmaps against what was found.
 */
#include "image.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS_CLEAN, STATUS_LOST_SPACE, STATUS_DAMAGED };

static uint32_t *block_owner; /* for each block: the inode that has it, or 0 */
static uint32_t *names;       /* for each inode: the entries that name it */
static uint32_t *parents;     /* for each directory that was reached: its parent */
static int worst = STATUS_CLEAN;

__attribute__((format(printf, 2, 3))) static void report(int status, const char *format, ...)
{
	va_list arguments;

	printf("fsck: %s", status == STATUS_LOST_SPACE ? "lost: " : "");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	if (status > worst)
		worst = status;
}

static void *array_make(uint32_t count)
{
	void *array = calloc(count, sizeof(uint32_t));

	if (!array)
		fail("there is no memory");
	return array;
}

static uint32_t content_blocks(const struct disk_inode *inode)
{
	return (inode->size + BLOCK_SIZE - 1) / BLOCK_SIZE;
}

/* ---- inodes and their blocks ---- */

/* Inode `number` has this block. False: it cannot. */
static bool block_claim(uint32_t number, uint32_t block)
{
	if (!block_is_data(block)) {
		report(STATUS_DAMAGED, "inode %u has block %u, which holds no data", number, block);
		return false;
	}
	if (block_owner[block]) {
		report(STATUS_DAMAGED, "block %u belongs to inode %u and to inode %u", block,
			block_owner[block], number);
		return false;
	}
	block_owner[block] = number;
	return true;
}

static void inode_check(uint32_t number)
{
	const struct disk_inode *inode = inode_data(number);

	if (inode->type == INODE_FREE)
		return;
	if (inode->type != INODE_FILE && inode->type != INODE_DIRECTORY)
		report(STATUS_DAMAGED, "inode %u is of no known type: %u", number, inode->type);
	if (inode->size > FILE_SIZE_MAX)
		report(STATUS_DAMAGED, "inode %u is too large: %u", number, inode->size);
	if (inode->indirect && !block_claim(number, inode->indirect))
		return;
	for (uint32_t index = 0; index < FILE_BLOCKS_MAX; index++) {
		uint32_t block = inode_block(inode, index);
		if (block && block_claim(number, block) && index >= content_blocks(inode))
			report(STATUS_LOST_SPACE, "inode %u has block %u behind its end", number,
				block);
	}
}

/* ---- directories ---- */

static bool name_is_good(const char name[NAME_SIZE])
{
	size_t length = strnlen(name, NAME_SIZE);

	if (length == 0 || length == NAME_SIZE || memchr(name, '/', length))
		return false;
	for (size_t i = length; i < NAME_SIZE; i++)
		if (name[i])
			return false;
	return true;
}

static void directory_check(uint32_t number, uint32_t parent);

static void entry_check(uint32_t directory, const struct directory_entry *entry)
{
	size_t length = strnlen(entry->name, NAME_SIZE);

	if (!name_is_good(entry->name)) {
		report(STATUS_DAMAGED, "directory %u has a name that is none", directory);
		return;
	}
	if (!inode_is_used(entry->inode)) {
		report(STATUS_DAMAGED, "%s in directory %u names inode %u, which is free",
			entry->name, directory, entry->inode);
		return;
	}
	names[entry->inode]++;
	if (directory_find(directory, entry->name, length) != entry->inode)
		report(STATUS_DAMAGED, "directory %u has two names %s", directory, entry->name);
	if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
		return;
	if (inode_data(entry->inode)->type != INODE_DIRECTORY)
		return;
	if (parents[entry->inode])
		report(STATUS_DAMAGED, "directory %u is in %u and in %u", entry->inode,
			parents[entry->inode], directory);
	else
		directory_check(entry->inode, directory);
}

static void directory_check(uint32_t number, uint32_t parent)
{
	const struct disk_inode *inode = inode_data(number);

	parents[number] = parent;
	if (inode->size % sizeof(struct directory_entry))
		report(STATUS_DAMAGED, "directory %u ends within a name", number);
	if (directory_find(number, ".", 1) != number)
		report(STATUS_DAMAGED, "directory %u has no right \".\"", number);
	if (directory_find(number, "..", 2) != parent)
		report(STATUS_DAMAGED, "directory %u has no right \"..\"", number);
	for (uint32_t i = 0; i < entry_count(number); i++) {
		const struct directory_entry *entry = entry_data(number, i);
		if (!entry)
			report(STATUS_DAMAGED, "directory %u has a hole", number);
		else if (entry->inode)
			entry_check(number, entry);
	}
}

/* ---- what was found against what is noted ---- */

static void links_check(uint32_t number)
{
	uint32_t links = inode_data(number)->links;

	if (!inode_is_used(number) || links == names[number])
		return;
	if (links < names[number])
		report(STATUS_DAMAGED, "inode %u has %u names, but counts %u", number,
			names[number], links);
	else
		report(STATUS_LOST_SPACE, "inode %u counts %u names, but has %u", number, links,
			names[number]);
}

static void bit_check(const char *what, uint32_t number, bool marked, bool used)
{
	if (used && !marked)
		report(STATUS_DAMAGED, "%s %u is in use, but marked free", what, number);
	if (marked && !used)
		report(STATUS_LOST_SPACE, "%s %u is marked, but not in use", what, number);
}

static int image_check(void)
{
	block_owner = array_make(super()->blocks);
	names = array_make(super()->inodes);
	parents = array_make(super()->inodes);
	for (uint32_t i = 1; i < super()->inodes; i++)
		inode_check(i);
	if (!inode_is_used(ROOT_INODE) || inode_data(ROOT_INODE)->type != INODE_DIRECTORY)
		report(STATUS_DAMAGED, "there is no root directory");
	else
		directory_check(ROOT_INODE, ROOT_INODE);
	for (uint32_t i = 1; i < super()->inodes; i++) {
		links_check(i);
		if (inode_is_used(i) && names[i] == 0)
			report(STATUS_LOST_SPACE, "inode %u has no name", i);
	}
	for (uint32_t i = 0; i < super()->inodes; i++)
		bit_check("inode", i, inode_is_marked(i), i == 0 || inode_is_used(i));
	for (uint32_t i = 0; i < super()->blocks; i++)
		bit_check("block", i, block_is_marked(i), i < super()->data || block_owner[i]);
	free(block_owner);
	free(names);
	free(parents);
	return worst;
}

int main(int argc, char **argv)
{
	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: fsck IMAGE [PATH]\n");
		return STATUS_UNREADABLE;
	}
	image_read(argv[1]);
	int status = STATUS_CLEAN;
	if (argc == 3)
		file_extract(argv[2], stdout);
	else
		status = image_check();
	image_free();
	return status;
}
