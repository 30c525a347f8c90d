/* SPDX-License-Identifier: BSD-2-Clause */
/* Directories: files whose content is a row of names with their inodes' numbers. */
#include "fs_internal.h"
#include "string.h"

#define ENTRY_SIZE sizeof(struct directory_entry)

/* The entry at `offset`: 1; 0 behind the last; or an error. */
static int32_t entry_read(struct inode *directory, uint32_t offset, struct directory_entry *entry)
{
	int32_t length = inode_read(directory, offset, entry, ENTRY_SIZE);

	if (length <= 0)
		return length;
	entry->name[NAME_SIZE - 1] = '\0';
	return length == ENTRY_SIZE;
}

static int32_t entry_write(
	struct inode *directory, uint32_t offset, const struct directory_entry *entry)
{
	int32_t length = inode_write(directory, offset, entry, ENTRY_SIZE);

	return length < 0 ? length : 0;
}

int32_t directory_find(struct inode *directory, const char *name, uint32_t *offset)
{
	struct directory_entry entry;
	int32_t more;

	for (*offset = 0; (more = entry_read(directory, *offset, &entry)) > 0;
		*offset += ENTRY_SIZE)
		if (entry.inode && strcmp(entry.name, name) == 0)
			return (int32_t)entry.inode;
	return more < 0 ? more : ERROR_NO_FILE;
}

int32_t directory_add(struct inode *directory, const char *name, uint32_t number)
{
	struct directory_entry entry;
	uint32_t offset;
	int32_t more;

	for (offset = 0; (more = entry_read(directory, offset, &entry)) > 0; offset += ENTRY_SIZE)
		if (!entry.inode)
			break;
	if (more < 0)
		return more;
	memset(&entry, 0, sizeof(entry));
	entry.inode = number;
	string_copy(entry.name, sizeof(entry.name), name);
	return entry_write(directory, offset, &entry);
}

int32_t directory_set(struct inode *directory, uint32_t offset, uint32_t number)
{
	struct directory_entry entry;
	int32_t more = entry_read(directory, offset, &entry);

	if (more <= 0)
		return more < 0 ? more : ERROR_DISK;
	entry.inode = number;
	if (number == 0)
		memset(entry.name, 0, sizeof(entry.name));
	return entry_write(directory, offset, &entry);
}

int32_t directory_is_empty(struct inode *directory)
{
	struct directory_entry entry;
	int32_t more;

	for (uint32_t offset = 0; (more = entry_read(directory, offset, &entry)) > 0;
		offset += ENTRY_SIZE)
		if (entry.inode && strcmp(entry.name, ".") != 0 && strcmp(entry.name, "..") != 0)
			return 0;
	return more < 0 ? more : 1;
}

int32_t fs_next_name(struct inode *inode, uint32_t *offset, struct directory_name *name)
{
	struct directory_entry entry = {0};
	int32_t more = ERROR_NOT_DIRECTORY;

	fs_begin();
	if (inode->disk.type == INODE_DIRECTORY) {
		while ((more = entry_read(inode, *offset, &entry)) > 0) {
			*offset += ENTRY_SIZE;
			if (entry.inode)
				break;
		}
	}
	if (more > 0) {
		name->inode = entry.inode;
		memcpy(name->name, entry.name, sizeof(name->name));
	}
	return fs_end(more);
}
