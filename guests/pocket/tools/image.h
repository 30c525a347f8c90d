/* SPDX-License-Identifier: BSD-2-Clause */
/* An image of pocket's file system, read into memory: what lies where. For fsck.c. */
#ifndef IMAGE_H
#define IMAGE_H

#include "fs_format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define STATUS_UNREADABLE 3 /* of a program that had to give up */

/* Says why, and ends the program. */
__attribute__((format(printf, 1, 2))) _Noreturn void fail(const char *format, ...);

/* Fails where there is no file system that can be looked at. */
void image_read(const char *path);
void image_free(void);

const struct super_block *super(void);
const struct disk_inode *inode_data(uint32_t number);

/* A block can hold data. */
bool block_is_data(uint32_t block);

/* The number of block `index` of a content; 0: a hole. */
uint32_t inode_block(const struct disk_inode *inode, uint32_t index);

/* A bit of one of the two bitmaps. */
bool inode_is_marked(uint32_t number);
bool block_is_marked(uint32_t block);

/* The inode is no free one. */
bool inode_is_used(uint32_t number);

/* A directory's entries; NULL: that one is in a hole. */
uint32_t entry_count(uint32_t directory);
const struct directory_entry *entry_data(uint32_t directory, uint32_t index);

/* The inode that a name leads to, or 0. */
uint32_t directory_find(uint32_t directory, const char *name, size_t length);

/* Writes the content of the file at `path` to `output`. Fails where there is none. */
void file_extract(const char *path, FILE *output);

#endif
