/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file system: names, directories and the contents of files, on the disk.
 *
 * An inode is a file or a directory. Who holds one has a share in it, taken by fs_open() or
 * fs_share() and given back by fs_close(). A file whose last name is removed lives on until the
 * last share is given back.
 *
 * One lock is held during each operation, and during its disk accesses. So all data here are the
 * kernel's own memory: touching a program's may need a page from the disk, and so the lock.
 *
 * A path begins at the root if it begins with '/', and otherwise at `directory`. Errors are
 * negative (abi.h). ERROR_DISK can come from any of these functions.
 */
#ifndef FS_H
#define FS_H

#include "abi.h"

#include <stdbool.h>
#include <stddef.h>

struct inode;

/* Finds the disk that has a file system and takes it into use. False: there is none. */
bool fs_mount(void);

/* Removes what has no name any more and writes the rest. No operation comes to an end after that.
 */
void fs_unmount(void);

/* All that was written is on the disk itself. */
int32_t fs_sync(void);

/* ---- inodes ---- */

struct inode *fs_root(void);
struct inode *fs_share(struct inode *inode);
void fs_close(struct inode *inode); /* NULL is allowed */

/* `flags` are OPEN_ of abi.h. A directory can only be opened for reading. */
int32_t fs_open(struct inode *directory, const char *path, uint32_t flags, struct inode **inode);

/* Both move *offset on by what they return, while the lock is held. Reading returns 0 from the end
 * on. Writing with `append` begins at the end. A full disk, or the largest size of a file, can cut
 * it short; the error comes when nothing at all could be written. */
int32_t fs_read(struct inode *inode, uint32_t *offset, void *data, uint32_t size);
int32_t fs_write(
	struct inode *inode, uint32_t *offset, const void *data, uint32_t size, bool append);

/* Makes a file shorter, or longer, with zeros. */
int32_t fs_truncate(struct inode *inode, uint32_t size);

void fs_status(struct inode *inode, struct file_status *status);

/* The next name of a directory. 1, or 0 behind the last. */
int32_t fs_next_name(struct inode *inode, uint32_t *offset, struct directory_name *name);

/* ---- names ---- */

int32_t fs_unlink(struct inode *directory, const char *path);
int32_t fs_mkdir(struct inode *directory, const char *path);
int32_t fs_rmdir(struct inode *directory, const char *path);

/* A file at `to` is replaced. A directory can only get another name in the same directory. */
int32_t fs_rename(struct inode *directory, const char *from, const char *to);

/* How much of the disk is free. */
int32_t fs_space(struct disk_space *space);

#endif
