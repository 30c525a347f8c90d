/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files, as the kernel and its programs agree on them: a part of abi.h.
 *
 * A task has descriptors, small numbers that stand for open files: files and directories on the
 * disk, ends of pipes, the console. A new task gets copies of its parent's. Copies share their
 * place in the file.
 */
#ifndef FILES_H
#define FILES_H

#include <stdint.h>

#define FILES_MAX 16 /* descriptors of one task */

/* The descriptors that a program finds open. */
#define FILE_INPUT  0
#define FILE_OUTPUT 1
#define FILE_ERROR  2 /* for messages */

/* For CALL_OPEN. Neither of the first two: nothing can be done with the file but ask what it is. */
#define OPEN_READ     1u
#define OPEN_WRITE    2u
#define OPEN_CREATE   4u  /* a file that is not there yet */
#define OPEN_TRUNCATE 8u  /* lose what was in it */
#define OPEN_APPEND   16u /* each write goes to the end */
#define OPEN_FLAGS    31u /* all of them */

/* For CALL_SEEK. */
enum seek_from { FROM_START, FROM_CURRENT, FROM_END };

/* What CALL_STATUS tells. */
enum file_type { TYPE_FILE = 1, TYPE_DIRECTORY = 2, TYPE_CONSOLE = 3, TYPE_PIPE = 4 };

struct file_status {
	uint32_t type;
	uint32_t inode; /* 0: not on the disk */
	uint32_t links; /* its names */
	uint32_t size;  /* bytes */
};

#define NAME_MAX 27u  /* characters of a name in a directory */
#define PATH_MAX 128u /* bytes of a path, with its NUL */

/* What CALL_NEXT_NAME tells. */
struct directory_name {
	uint32_t inode;
	char name[NAME_MAX + 1];
};

/* What CALL_SPACE tells. */
struct disk_space {
	uint32_t blocks, blocks_free; /* of 1 KiB */
	uint32_t inodes, inodes_free; /* files and directories */
};

#endif
