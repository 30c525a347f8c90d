/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the file system share: fs_space.c, fs_inode.c, fs_content.c, fs_directory.c,
 * fs_path.c and fs.c. The lock is held in all of it, between fs_begin() and fs_end().
 */
#ifndef FS_INTERNAL_H
#define FS_INTERNAL_H

#include "cache.h"
#include "fs.h"

/* An inode that is in use. */
struct inode {
	uint32_t number;
	uint32_t shares; /* 0: this place in the table is free */
	struct disk_inode disk;
};

/* ---- fs.c ---- */

void fs_begin(void);

/* Writes what was changed. Returns `result`, or ERROR_DISK if that failed. */
int32_t fs_end(int32_t result);

/* ---- fs_space.c: which blocks and inodes are in use ---- */

/* Reads the super block of the cache's disk. False: there is no file system, or it is broken. */
bool space_init(uint32_t sectors);

const struct super_block *super(void);

/* The number of a block or an inode, or ERROR_DISK_FULL, or ERROR_DISK. */
int32_t block_allocate(void);
int32_t inode_number_allocate(void);

void block_free(uint32_t block);
void inode_number_free(uint32_t number);

/* ---- fs_inode.c: inodes ---- */

/* NULL: all places are taken, or the disk failed, or there is no such inode; *error says which. */
struct inode *inode_get(uint32_t number, int32_t *error);

/* A new file or directory that no name leads to yet, and that is not on the disk yet. */
struct inode *inode_create(enum inode_type type, int32_t *error);

/* The last one of an inode without links frees it. */
void inode_put(struct inode *inode);

/* Writes inode->disk. */
int32_t inode_update(struct inode *inode);

/* Frees what has no name any more, shares or not. */
void inodes_end(void);

/* ---- fs_content.c: what is in an inode, of whatever type ---- */

/* Both return how many bytes were done: 0 at the end, when reading. An error comes only when there
 * were none. */
int32_t inode_read(struct inode *inode, uint32_t offset, void *data, uint32_t size);
int32_t inode_write(struct inode *inode, uint32_t offset, const void *data, uint32_t size);

/* Cuts it off, or makes it longer with a hole. */
int32_t inode_truncate(struct inode *inode, uint32_t size);

/* ---- fs_directory.c: names in one directory ---- */

/* Where the name is. Returns its inode's number and its place, or ERROR_NO_FILE. */
int32_t directory_find(struct inode *directory, const char *name, uint32_t *offset);

/* The name must not be there yet. */
int32_t directory_add(struct inode *directory, const char *name, uint32_t number);

/* Lets the entry at `offset` name another inode; 0: removes it. */
int32_t directory_set(struct inode *directory, uint32_t offset, uint32_t number);

/* Only "." and "..": 1; more: 0. */
int32_t directory_is_empty(struct inode *directory);

/* ---- fs_path.c: from a path to an inode ---- */

struct inode *path_find(struct inode *directory, const char *path, int32_t *error);

/* The directory in which the path's last name is, or would be, and that name. The root has none. */
struct inode *path_parent(
	struct inode *directory, const char *path, char name[NAME_SIZE], int32_t *error);

#endif
