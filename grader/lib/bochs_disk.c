/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's disks: a private copy of the caller's image, in a file without a name.
 *
 * The idea: any number of machines start from one image, none of them changes it, and none needs
 * the lock file that Bochs would put beside a named image. Zeros become holes: a large empty disk
 * costs no memory.
 *
 * Read: memfd_create(2).
 */
#include "bochs_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR    512u
#define CYLINDER  (16u * 63u * SECTOR)
#define DISK_MAX  (1024u * 1024u * 1024u)
#define COPY_SIZE 65536u
#define FD_ABOVE  32 /* our own descriptors: above the numbers that Bochs finds open */

int fd_raise(int fd)
{
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FD_ABOVE);

	if (fd >= 0)
		close(fd);
	return high;
}

int memory_file(const char *name)
{
	return fd_raise(memfd_create(name, MFD_CLOEXEC));
}

void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static bool bytes_are_zero(const char *bytes, size_t length)
{
	return !length || (!bytes[0] && !memcmp(bytes, bytes + 1, length - 1));
}

/* Copies a file, leaving holes where it has zeros. */
static bool file_copy(int from, int to)
{
	static _Thread_local char bytes[COPY_SIZE];
	off_t at = 0;

	for (;;) {
		ssize_t n = pread(from, bytes, sizeof(bytes), at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		if (!bytes_are_zero(bytes, (size_t)n) && pwrite(to, bytes, (size_t)n, at) != n)
			return false;
		at += n;
	}
}

/* Opens an image and says how long it is. -1, with an error, where it is no image. */
static int image_open(struct bochs *b, const char *path, off_t *size)
{
	struct stat st;
	int image = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (image < 0 || fstat(image, &st)) {
		bochs_fail(b, "disk image %s: %s", path, strerror(errno));
		fd_close(&image);
		return -1;
	}
	if (!S_ISREG(st.st_mode) || st.st_size == 0 || st.st_size > DISK_MAX) {
		close(image);
		return bochs_fail(b, "disk image %s: %s", path,
			!S_ISREG(st.st_mode) ? "not a file"
			: st.st_size         ? "larger than 1 GiB"
					     : "empty; build it again");
	}
	*size = st.st_size;
	return image;
}

/* A copy of an open image, `size` bytes long, in a file without a name: *copy. Closes the image. */
static int image_copy(struct bochs *b, const char *path, int image, off_t size, int *copy)
{
	bool copied = false;

	*copy = memory_file("disk");
	if (*copy >= 0 && !ftruncate(*copy, size))
		copied = file_copy(image, *copy);
	if (!copied)
		bochs_fail(b, "disk image %s: cannot copy it: %s", path, strerror(errno));
	close(image);
	return copied ? 0 : -1;
}

int disk_copy(struct bochs *b, const char *path, uint32_t *cylinders)
{
	off_t size;
	int image;

	if (!path)
		return bochs_fail(b, "no disk image was named");
	image = image_open(b, path, &size);
	if (image < 0)
		return -1;
	*cylinders = (uint32_t)((size + CYLINDER - 1) / CYLINDER);
	return image_copy(b, path, image, (off_t)*cylinders * CYLINDER, &b->disk);
}

int second_disk_copy(struct bochs *b, const char *path, uint32_t *cylinders)
{
	const off_t cylinder = SECOND_DISK_HEADS * SECOND_DISK_TRACK * SECTOR;
	off_t size;
	int image;

	*cylinders = 0;
	if (!path)
		return 0;
	image = image_open(b, path, &size);
	if (image < 0)
		return -1;
	if (size < cylinder || size % SECTOR) {
		close(image);
		return bochs_fail(b,
			"disk image %s: has %lld bytes: a guest's disk has %lld or more, and whole sectors of %u",
			path, (long long)size, (long long)cylinder, SECTOR);
	}
	*cylinders = (uint32_t)(size / cylinder);
	return image_copy(b, path, image, size, &b->second_disk);
}

size_t bochs_second_disk_read(struct bochs *b, uint64_t offset, void *bytes, size_t length)
{
	size_t done = 0;
	ssize_t n;

	while (b->second_disk >= 0 && done < length &&
		(n = pread(b->second_disk, (char *)bytes + done, length - done,
			 (off_t)(offset + done))) > 0)
		done += (size_t)n;
	return done;
}

int disk_keep(struct bochs *b)
{
	int fd, error;
	bool ok;

	if (!b->keep_disk || b->disk < 0)
		return 0;
	fd = open(b->keep_disk, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	ok = fd >= 0 && !ftruncate(fd, lseek(b->disk, 0, SEEK_END)) && file_copy(b->disk, fd);
	error = errno;
	if (fd >= 0 && close(fd) && ok) {
		error = errno;
		ok = false;
	}
	return ok ? 0
		  : bochs_fail(b, "%s: cannot keep the disk: %s", b->keep_disk, strerror(error));
}
