/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file system as it lies on the disk. The kernel, tools/mkfs.c and tools/fsck.c agree on this.
 *
 *   block 0     nothing
 *   block 1     the super block
 *   then        a bit for each inode: 1, it is in use
 *               a bit for each block: 1, it is in use
 *               the inodes
 *               data: contents of files and directories, and indirect blocks
 *
 * Numbers have their low byte first. Block 0 and inode 0 are never given away, so 0 means none.
 * There are no dates: what is on the disk follows from what was done, not from when.
 */
#ifndef FS_FORMAT_H
#define FS_FORMAT_H

#include <stdint.h>

#define BLOCK_SIZE         1024u
#define SUPER_BLOCK_NUMBER 1u
#define FS_MAGIC           0x6b636f70u /* "pock" */
#define ROOT_INODE         1u

struct super_block {
	uint32_t magic;
	uint32_t blocks;                                        /* of all, from block 0 on */
	uint32_t inodes;                                        /* with inode 0 */
	uint32_t inode_bitmap, block_bitmap, inode_table, data; /* where these areas begin */
};

#define BITS_PER_BLOCK (BLOCK_SIZE * 8)

enum inode_type { INODE_FREE = 0, INODE_FILE = 1, INODE_DIRECTORY = 2 };

#define DIRECT_BLOCKS   13u
#define INDIRECT_BLOCKS (BLOCK_SIZE / sizeof(uint32_t))
#define FILE_BLOCKS_MAX (DIRECT_BLOCKS + INDIRECT_BLOCKS)
#define FILE_SIZE_MAX   (FILE_BLOCKS_MAX * BLOCK_SIZE)

struct disk_inode {
	uint16_t type;
	uint16_t links;                 /* the directory entries that name it */
	uint32_t size;                  /* bytes */
	uint32_t direct[DIRECT_BLOCKS]; /* its first blocks; 0: a hole, which reads as zeros */
	uint32_t indirect;              /* a block with the numbers of the others; 0: none */
};

#define INODES_PER_BLOCK (BLOCK_SIZE / sizeof(struct disk_inode))

/* A directory's content is a row of these. Its first two are "." and "..". */
#define NAME_SIZE 28u /* with the NUL */

struct directory_entry {
	uint32_t inode; /* 0: this entry is free */
	char name[NAME_SIZE];
};

_Static_assert(sizeof(struct disk_inode) == 64, "inodes fill blocks");
_Static_assert(sizeof(struct directory_entry) == 32, "entries fill blocks");

#endif
