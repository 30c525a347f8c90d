/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Takes a lab's files out of a folder or an archive that nobody has looked at.
 *
 * Invariant: nothing of a submission is named by a path that is looked up twice. In a folder
 * each file is opened once, relative to a folder that is open, without following links, and
 * then judged by its descriptor. Archives are read in submission_archive.c.
 *
 * Reading: openat(2), and O_NOFOLLOW in open(2).
 */
#include "collection.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool name_may_be_missing(const char *name)
{
	size_t length = strlen(name);

	return length > 4 && strcmp(name + length - 4, ".txt") == 0;
}

/* ---- storing what was taken ---- */

static bool bytes_write(int fd, const char *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t put = write(fd, data + done, size - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		done += (size_t)put;
	}
	return true;
}

enum blame file_store(
	struct collection *collection, const char *name, const char *data, size_t size)
{
	int fd;
	bool written;

	if (size > SUBMISSION_FILE_MAX)
		return BLAME_STUDENT(collection,
			"%s is larger than %u KiB: hand in the source file", name,
			SUBMISSION_FILE_MAX / 1024);
	if (size == 0 && name_may_be_missing(name))
		return BLAME_NOBODY;
	if (size == 0)
		return BLAME_STUDENT(
			collection, "%s is empty: hand in the file with your work in it", name);
	unlinkat(collection->into, name, 0); /* in an archive the last of a name counts */
	fd = openat(
		collection->into, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	written = fd >= 0 && fchmod(fd, 0644) == 0 && bytes_write(fd, data, size);
	if (fd >= 0 && close(fd) == 0 && written)
		return BLAME_NOBODY;
	return BLAME(collection, BLAME_KIT, "%s could not be copied: %s", name, strerror(errno));
}

/* ---- folders ---- */

/* Reads at most one byte more than a file may have. */
static ssize_t file_read(int fd, char *data)
{
	size_t size = 0;

	while (size <= SUBMISSION_FILE_MAX) {
		ssize_t got = read(fd, data + size, SUBMISSION_FILE_MAX + 1 - size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		size += (size_t)got;
	}
	return (ssize_t)size;
}

static enum blame file_take(struct collection *collection, const char *name, int fd)
{
	struct stat status;
	enum blame blame;
	ssize_t size;
	char *data;

	if (fstat(fd, &status) != 0)
		return BLAME_STUDENT(collection, "%s cannot be read: %s", name, strerror(errno));
	if (S_ISDIR(status.st_mode))
		return BLAME_STUDENT(collection, "%s is a folder: hand in a file", name);
	if (!S_ISREG(status.st_mode))
		return BLAME_STUDENT(
			collection, "%s is not a regular file: hand in the file itself", name);
	if (status.st_nlink > 1)
		return BLAME_STUDENT(
			collection, "%s is a hard link: hand in a copy of the file", name);
	data = malloc(SUBMISSION_FILE_MAX + 1);
	if (!data)
		return BLAME(collection, BLAME_KIT, "no memory to read %s", name);
	size = file_read(fd, data);
	if (size < 0)
		blame = BLAME_STUDENT(collection, "%s cannot be read: %s", name, strerror(errno));
	else
		blame = file_store(collection, name, data, (size_t)size);
	free(data);
	return blame;
}

static enum blame folder_collect_file(struct collection *collection, int folder, const char *name)
{
	/* Non-blocking, so that a pipe is refused and not waited for. */
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	enum blame blame;

	if (fd < 0 && errno == ENOENT && name_may_be_missing(name))
		return BLAME_NOBODY;
	if (fd < 0 && errno == ENOENT)
		return BLAME_STUDENT(
			collection, "%s is missing: hand in all files of the lab", name);
	if (fd < 0 && errno == ELOOP)
		return BLAME_STUDENT(collection, "%s is a link: hand in the file itself", name);
	if (fd < 0)
		return BLAME_STUDENT(collection, "%s cannot be read: %s", name, strerror(errno));
	blame = file_take(collection, name, fd);
	close(fd);
	return blame;
}

static enum blame folder_collect(struct collection *collection, int folder)
{
	const char *name = collection->lab->folder;
	int sub = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	enum blame blame = BLAME_NOBODY;
	struct stat status;

	if (sub < 0 && errno != ENOENT && fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
		return BLAME_STUDENT(collection, "%s is %s: hand in the folder itself", name,
			S_ISLNK(status.st_mode)   ? "a link"
			: S_ISDIR(status.st_mode) ? "a folder that cannot be read"
						  : "not a folder");
	for (size_t i = 0; blame == BLAME_NOBODY && collection->lab->files[i]; i++)
		blame = folder_collect_file(
			collection, sub >= 0 ? sub : folder, collection->lab->files[i]);
	if (sub >= 0)
		close(sub);
	return blame;
}

enum blame submission_collect(
	const struct lab *lab, const char *from, const char *folder, char **message)
{
	struct collection collection = {.lab = lab, .message = message};
	int fd = open(from, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;
	enum blame blame;

	*message = NULL;
	if (fd < 0 || fstat(fd, &status) != 0) {
		blame = BLAME(&collection, BLAME_KIT, "%s: %s", from, strerror(errno));
		if (fd >= 0)
			close(fd);
		return blame;
	}
	collection.into = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (collection.into < 0)
		blame = BLAME(&collection, BLAME_KIT, "%s: %s", folder, strerror(errno));
	else if (S_ISDIR(status.st_mode))
		blame = folder_collect(&collection, fd);
	else if (!S_ISREG(status.st_mode))
		blame = BLAME(&collection, BLAME_KIT,
			"%s: neither a folder nor an archive: give the submission's path", from);
	else if (status.st_size > SUBMISSION_ARCHIVE_MAX)
		blame = archive_refuse_large(&collection);
	else
		blame = archive_collect(&collection, fd);
	if (collection.into >= 0)
		close(collection.into);
	close(fd);
	return blame;
}
